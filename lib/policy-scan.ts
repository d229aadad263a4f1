import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';

/**
 * The rules that every stack must follow. Synth stops if one is broken; an acknowledged finding has its reason next to
 * its construct.
 */
export function policyPacks(): NagPack[] {
  return [new AwsSolutionsChecks(), new ServerlessChecks()];
}
