/** How a check ended. `to do`: a person must act before the stage goes live; `not checked`: it could not be asked. */
export type Status = 'ok' | 'to do' | 'wrong' | 'not checked';

/** What a check found. It holds no key, token, uid or URL of a session. */
export type Result = {
  status: Status;
  /** One sentence, or a part of one. */
  found: string;
  /** What to click or run; present for `to do` and `wrong`. */
  next?: string;
};

/** One line of the doctor. */
export type Check = {
  group: 'stack' | 'secrets' | 'who is told' | 'edge' | 'contract' | 'store';
  name: string;
  /** The IAM action without which it cannot run; absent where none is needed. */
  action?: string;
  run(): Promise<Result>;
};

/** What to run to fix a stage, as lines show it. */
export type Commands = {
  /** `npx cdk deploy BeginiSession-Test` */
  deploy: string;
  /** `npm run rotate -- --stage test` */
  rotate: string;
};

/** Nothing to do. */
export const ok = (found: string): Result => ({ status: 'ok', found });

/** A person must act. */
export const toDo = (found: string, next: string): Result => ({ status: 'to do', found, next });

/** The stage must not go live. */
export const wrong = (found: string, next: string): Result => ({ status: 'wrong', found, next });
