/**
 * An error as SQS names it: `name` is its type in the JSON protocol, `code` the name from before it, which the AWS CLI
 * and boto3 show ("Error handling", SQS developer guide, and the API reference of each operation, read November 2026).
 */
export class SqsError extends Error {
  readonly code: string;
  readonly statusCode: number;

  constructor(name: string, message: string, { code = name, statusCode = 400 } = {}) {
    super(message);
    this.name = name;
    this.code = code;
    this.statusCode = statusCode;
  }
}

export const invalidParameter = (message: string) =>
  new SqsError('InvalidParameterValueException', message, { code: 'InvalidParameterValue' });

export const missingParameter = (name: string) =>
  new SqsError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`, {
    code: 'MissingParameter',
  });

export const invalidReceiptHandle = () =>
  new SqsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');

export const queueDoesNotExist = () =>
  new SqsError('QueueDoesNotExist', 'The specified queue does not exist.', {
    code: 'AWS.SimpleQueueService.NonExistentQueue',
  });
