import { Annotations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { environmentNames } from '../../functions/environment.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { ApiFunction } from '../lambda/api-function.ts';
import { isUnnamed } from '../stages/applicant-page.ts';
import type { Stage } from '../stages/stages.ts';
import { LaunchKey } from './launch-key.ts';

/** What launch links are made from. */
export interface LaunchLinksProps {
  stage: Stage;
  credentials: Credentials;
  /** What a function that starts sessions is told. */
  sessionEnvironment: Record<string, string>;
  /** The folder of each function's bundle; the one of `launch` holds the stage's own pages. */
  bundles: Record<'createLaunchLink' | 'launch' | 'rotateLaunchKey', string>;
  /** For the key's secret and the log groups; absent, the keys that AWS has in every account. */
  encryptionKey?: IKey | undefined;
}

/** Links that lead an applicant from a message into the assessment, and the key that their tokens are sealed with. */
export class LaunchLinks extends Construct {
  readonly key: LaunchKey;
  /** What stands behind the routes. */
  readonly functions: { createLaunchLink: ApiFunction; launch: ApiFunction };

  constructor(
    scope: Construct,
    id: string,
    { stage, credentials, sessionEnvironment, bundles, encryptionKey }: LaunchLinksProps,
  ) {
    super(scope, id);
    this.key = new LaunchKey(this, 'Key', { stage, encryptionKey, bundle: bundles.rotateLaunchKey });
    const keyEnvironment = { [environmentNames.launchKeySecretArn]: this.key.secret.secretArn };

    // Making a link asks nothing of the vendor, so this function may not read the vendor's key.
    const createLaunchLink = new ApiFunction(this, 'CreateLaunchLink', {
      stage,
      encryptionKey,
      description: `Answers POST /launch-links, stage ${stage.name}`,
      bundle: bundles.createLaunchLink,
      createsSessions: false,
      environment: {
        ...keyEnvironment,
        [environmentNames.stage]: stage.path,
        [environmentNames.uidRefKey]: credentials.uidRefKeyReference,
        ...(stage.domain && { [environmentNames.launchBaseUrl]: `https://${stage.domain.name}` }),
      },
    });
    this.key.grantGetValue(createLaunchLink);

    const launch = new ApiFunction(this, 'Launch', {
      stage,
      encryptionKey,
      description: `Answers /launch/{token}, stage ${stage.name}`,
      bundle: bundles.launch,
      createsSessions: true,
      environment: { ...sessionEnvironment, ...keyEnvironment },
    });
    this.key.grantGetValue(launch);
    credentials.grantGetValue(launch);
    this.functions = { createLaunchLink, launch };
    this.#warnOfMissingName(stage);
  }

  #warnOfMissingName({ name, environment, applicantPage }: Stage): void {
    if (environment !== 'production' || !isUnnamed(applicantPage)) return;
    Annotations.of(this).addWarningV2(
      'begini-session:LenderName',
      `Applicants of ${name} read "${applicantPage.languages[0].lenderName}" where they look for the lender's name: set stages.${name}.applicantPage.lenderName in cdk.json.`,
    );
  }
}
