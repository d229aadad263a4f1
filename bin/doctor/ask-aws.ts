import type { Answer } from '../openapi/check-answer.ts';
import { withSignature } from './authenticate.ts';
import { callStage, type StageRequest } from './call-stage.ts';

/** A call of a service of which the doctor reads one thing: an SDK client for each would be much for that. */
export type AwsQuestion =
  | { service: 'cloudtrail'; operation: 'DescribeTrails' | 'GetTrailStatus'; input: Input }
  | { service: 'iam'; operation: 'GetPolicy' | 'GetRole'; input: Input }
  | { service: 'kms'; operation: 'GetKeyPolicy'; input: Input };
type Input = Readonly<Record<string, string>>;

/** Sends it, and returns the answer's text: JSON, or XML from IAM. @throws Error with AWS's name for a refusal */
export type AskAws = (question: AwsQuestion) => Promise<string>;

/** `X-Amz-Target` without the operation; absent for IAM, which has another protocol. */
const targets = {
  cloudtrail: 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101',
  kms: 'TrentService',
};
const iamVersion = '2010-05-08';

/** @param send for tests */
export function askAwsIn(
  region: string,
  credentials: Parameters<typeof withSignature>[0],
  send: (request: StageRequest) => Promise<Answer> = callStage,
): AskAws {
  return async ({ service, operation, input }) => {
    const own = endpointOf(service, region);
    const isIam = service === 'iam';
    const request = {
      method: 'POST',
      url: own.url,
      headers: isIam
        ? { 'content-type': 'application/x-www-form-urlencoded' }
        : {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': `${targets[service]}.${operation}`,
          },
      body: isIam
        ? String(new URLSearchParams({ Action: operation, Version: iamVersion, ...input }))
        : JSON.stringify(input),
    };
    const signed = await withSignature(credentials, own.region, service)(request);
    const { status, body } = await send(signed);
    if (status === 200) return body;
    throw Object.assign(new Error('refused'), { name: refusalIn(body) });
  };
}

/** IAM has one endpoint for all regions of a partition ("AWS service endpoints", general reference, November 2026). */
function endpointOf(service: string, region: string) {
  const isSovereign = region.startsWith('eusc-');
  if (service === 'iam' && !isSovereign) return { url: 'https://iam.amazonaws.com/', region: 'us-east-1' };
  return { url: `https://${service}.${region}.amazonaws.${isSovereign ? 'eu' : 'com'}/`, region };
}

/** `AccessDenied` of `{"__type": "com.amazonaws…#AccessDenied"}` or of `<Code>AccessDenied</Code>`. */
const refusalIn = (body: string) =>
  /"__type" ?: ?"(?:[^"#]*#)?(\w+)"|<Code>(\w+)</.exec(body)?.slice(1).find(Boolean) ?? '';
