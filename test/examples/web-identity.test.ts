import { describeWebIdentity } from '../support/describe-web-identity.ts';

describeWebIdentity('node');
