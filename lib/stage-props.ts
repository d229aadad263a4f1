import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Stage } from './stages/stages.ts';

/** What constructs need that store something. */
export interface StageProps {
  stage: Stage;
  /** The stage's own, as `StageKey` makes it; if absent, AWS's default key for what is stored, or none. */
  encryptionKey?: IKey | undefined;
}
