import { Annotations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Credentials } from '../credentials/credentials.ts';
import { ApiFunction } from '../lambda/api-function.ts';
import type { StageProps } from '../stage-props.ts';
import { isUnnamed } from '../stages/applicant-page.ts';
import type { Stage } from '../stages/stages.ts';
import { LaunchKey } from './launch-key.ts';

/** What launch links need. */
export interface LaunchLinksProps extends StageProps {
  credentials: Credentials;
  /** The folder of each function's bundle; the one of `launch` holds the stage's own pages. */
  bundles: Record<'create-launch-link' | 'launch' | 'rotate-launch-key', string>;
}

/** Links that lead an applicant from a message to the assessment, and the key that their tokens are sealed with. */
export class LaunchLinks extends Construct {
  readonly key: LaunchKey;
  /** The functions of the routes. */
  readonly functions: Record<'create-launch-link' | 'launch', ApiFunction>;

  constructor(
    scope: Construct,
    id: string,
    { stage, credentials, bundles, encryptionKey }: LaunchLinksProps,
  ) {
    super(scope, id);
    this.key = new LaunchKey(this, 'Key', { stage, encryptionKey, bundle: bundles['rotate-launch-key'] });
    const { uidRefKey } = credentials;

    // Making a link does not call the vendor, so this function may not read the vendor's key.
    const createLaunchLink = new ApiFunction(this, 'CreateLaunchLink', {
      stage,
      encryptionKey,
      description: `Answers POST /launch-links, stage ${stage.name}`,
      bundle: bundles['create-launch-link'],
      uidRefKey,
    });
    createLaunchLink.environment.addLaunchBaseUrl();
    this.key.letUse(createLaunchLink);

    const launch = new ApiFunction(this, 'Launch', {
      stage,
      encryptionKey,
      description: `Answers /launch/{token} and /return/{ending}, stage ${stage.name}`,
      bundle: bundles.launch,
      uidRefKey,
    });
    this.key.letUse(launch);
    credentials.letCallVendor(launch);
    // An upgrade that makes links of another form begins only when every function that opens links knows it.
    createLaunchLink.live.node.addDependency(launch.live);
    this.functions = { 'create-launch-link': createLaunchLink, launch };
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
