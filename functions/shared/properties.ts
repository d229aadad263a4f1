import { CallerError } from './errors.ts';

/**
 * The properties of a parsed body that is one JSON object and has none but the `allowed` ones.
 *
 * @throws CallerError `malformed_json`, `unknown_property`.
 */
export function readProperties<Name extends string>(
  body: unknown,
  allowed: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new CallerError('malformed_json');
  if (Object.keys(body).some((name) => !allowed.some((known) => known === name))) {
    throw new CallerError('unknown_property');
  }
  return body;
}
