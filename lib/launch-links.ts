import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { environmentNames } from '../functions/shared/environment.ts';
import type { Credentials } from './credentials.ts';
import { LaunchKey } from './launch-key.ts';
import { SessionFunction } from './session-function.ts';
import type { Stage } from './stages.ts';

/** What launch links are made from. */
export interface LaunchLinksProps {
  stage: Stage;
  credentials: Credentials;
  /** What a function that starts sessions is told. */
  sessionEnvironment: Record<string, string>;
  /** The folder of each function's bundle. */
  bundles: Record<'createLaunchLink' | 'launch' | 'rotateLaunchKey', string>;
}

/** Links that lead an applicant from a message into the assessment, and the key that their tokens are sealed with. */
export class LaunchLinks extends Construct {
  readonly key: LaunchKey;
  /** What stands behind the routes. */
  readonly functions: { createLaunchLink: IFunction; launch: IFunction };

  constructor(
    scope: Construct,
    id: string,
    { stage, credentials, sessionEnvironment, bundles }: LaunchLinksProps,
  ) {
    super(scope, id);
    this.key = new LaunchKey(this, 'Key', { stage, bundle: bundles.rotateLaunchKey });
    const keyEnvironment = { [environmentNames.launchKeySecretArn]: this.key.secret.secretArn };

    // Making a link asks nothing of the vendor, so this function may not read the vendor's key.
    const createLaunchLink = new SessionFunction(this, 'CreateLaunchLink', {
      stage,
      description: `Answers POST /launch-links, stage ${stage.name}`,
      bundle: bundles.createLaunchLink,
      environment: {
        ...keyEnvironment,
        [environmentNames.stage]: stage.path,
        [environmentNames.uidRefKey]: credentials.uidRefKeyReference,
        ...(stage.domain && { [environmentNames.launchBaseUrl]: `https://${stage.domain.name}` }),
      },
    });
    this.key.grantGetValue(createLaunchLink);

    const launch = new SessionFunction(this, 'Launch', {
      stage,
      description: `Answers /launch/{token}, stage ${stage.name}`,
      bundle: bundles.launch,
      environment: {
        ...sessionEnvironment,
        ...keyEnvironment,
        [environmentNames.applicantPage]: JSON.stringify(stage.applicantPage),
      },
    });
    this.key.grantGetValue(launch);
    credentials.grantGetValue(launch);
    this.functions = { createLaunchLink: createLaunchLink.lambda, launch: launch.lambda };
  }
}
