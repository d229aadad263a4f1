import { RemovalPolicy } from 'aws-cdk-lib';
import type { Stage } from './stages/stages.ts';

/** What happens to a stage's data when its stack is deleted: a failed first deployment may always be cleaned up. */
export function removalPolicyOf(stage: Stage): RemovalPolicy {
  return stage.environment === 'production'
    ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    : RemovalPolicy.DESTROY;
}
