import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';

/**
 * The rules that every stack is held to. Synth stops where one is broken; what is acknowledged says why beside the
 * construct concerned.
 */
export function policyPacks(): NagPack[] {
  return [new AwsSolutionsChecks(), new ServerlessChecks()];
}
