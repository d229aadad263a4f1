import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { environmentNames } from '../../functions/environment.ts';
import type { Stage } from '../stages/stages.ts';

/**
 * The environment variables of a function: all that the stack sets are set here. Every function gets its stage; the
 * rest comes with what the function uses.
 */
export class FunctionEnvironment {
  readonly #lambda: LambdaFunction;
  readonly #stage: Stage;

  constructor(lambda: LambdaFunction, stage: Stage) {
    this.#lambda = lambda;
    this.#stage = stage;
    this.#set('stage', stage.path);
  }

  /** The pair to call Begini with, and whether to sign. */
  addCredentials({ secretArn }: Secret): void {
    this.#set('credentialsSecretArn', secretArn);
    this.#set('hmac', this.#stage.hmac ? 'on' : 'off');
  }

  /**
   * The key of the pseudonyms: a reference that CloudFormation resolves while it deploys. Anyone who may read the
   * function's configuration sees the key, which is acceptable for this key only: it just prevents a person who reads
   * logs from trying out uids.
   */
  addUidRefKey({ secretValue }: Secret): void {
    this.#set('uidRefKey', secretValue.unsafeUnwrap());
  }

  /** The key that launch tokens are sealed with. */
  addLaunchKey({ secretArn }: Secret): void {
    this.#set('launchKeySecretArn', secretArn);
  }

  /** The host of launch links, in a stage that has its own. */
  addLaunchBaseUrl(): void {
    const { domain } = this.#stage;
    if (domain) this.#set('launchBaseUrl', `https://${domain.name}`);
  }

  /** The table of sessions, and how long one lives if its token does not say. */
  addSessionTable({ tableName }: Table): void {
    this.#set('sessionTable', tableName);
    this.#set('sessionHours', String(this.#stage.sessionHours));
  }

  /** The pair whose keys verify results, and how long the previous one does. */
  addResultKeys({ secretArn }: Secret, previousKeyDays: number): void {
    this.#set('credentialsSecretArn', secretArn);
    this.#set('previousKeyDays', String(previousKeyDays));
  }

  /** The queue of results, and that of the signed events that are none. */
  addResultQueues(results: Queue, setAside: Queue): void {
    this.#set('resultsQueueUrl', results.queueUrl);
    this.#set('setAsideQueueUrl', setAside.queueUrl);
  }

  #set(name: keyof typeof environmentNames, value: string): void {
    this.#lambda.addEnvironment(environmentNames[name], value);
  }
}
