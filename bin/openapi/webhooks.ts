import { exampleIntegrationId, exampleUid, ref } from './components.ts';

// "Webhook Payload Structure & Event Types" and "Securing Webhooks (HMAC)" in Begini's help centre, both of April 14th,
// 2026, read November 2026. No schema here closes an object: the pages do not say that they name every property.

const epochSeconds = { type: 'integer', description: 'Epoch seconds.' };
const undocumented = 'Begini does not document its values.';
const riskBand = { type: 'string', description: undocumented };

/** The objects that Begini sends. */
export const webhookSchemas = {
  Event: {
    type: 'object',
    required: ['uid', 'integration_id', 'event'],
    properties: {
      uid: { type: 'string', description: 'The uid of the session.' },
      integration_id: { type: 'string', description: 'The deployment of Begini that sends the event.' },
      event: {
        type: 'object',
        required: ['type', 'details'],
        properties: {
          type: {
            type: 'string',
            examples: [
              'psychometric_score.complete',
              'android_score.complete',
              'ios_score.complete',
              'application.complete',
              'application.expired',
              'application.incomplete',
              'application.cancelled',
            ],
          },
          details: {
            type: 'object',
            description: 'Depends on the type; these are the properties of `psychometric_score.complete`.',
            properties: {
              application_started_at: epochSeconds,
              application_completed_at: epochSeconds,
              scored_at: epochSeconds,
              platform: { type: 'string', description: '`WEB` for the assessment in a browser.' },
              calculated: {
                type: 'object',
                properties: {
                  score: { type: 'integer', description: 'Begini does not document its range.' },
                  risk_band: riskBand,
                  score_confidence: { type: 'string', description: undocumented },
                  traits: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: {
                        key: { type: 'string', description: undocumented },
                        value: { type: 'number', description: 'Begini does not document its range.' },
                        risk_band: riskBand,
                      },
                    },
                  },
                },
              },
            },
          },
          reasons: {
            type: 'array',
            description: `On \`application.incomplete\` and \`application.cancelled\` only. ${undocumented}`,
          },
        },
      },
    },
  },
} as const;

const applicant = { uid: exampleUid, integration_id: exampleIntegrationId };
const times = { application_started_at: 1796025600, application_completed_at: 1796025840 };

/** One event of each kind, by its type. `RISK_RATING` and the like stand for values, as on Begini's page. */
export const exampleEvents = {
  'application.complete': { ...applicant, event: { type: 'application.complete', details: times } },
  'psychometric_score.complete': {
    ...applicant,
    event: {
      type: 'psychometric_score.complete',
      details: {
        ...times,
        scored_at: 1796025845,
        platform: 'WEB',
        calculated: {
          score: 612,
          risk_band: 'RISK_RATING',
          score_confidence: 'CONFIDENCE_RATING',
          traits: [{ key: 'trait_type', value: 50, risk_band: 'RISK_RATING' }],
        },
      },
    },
  },
};

/** What Begini calls after the assessment. https://spec.openapis.org/oas/v3.1.1.html#oas-webhooks */
export const webhooks = {
  event: {
    post: {
      operationId: 'receiveEvent',
      tags: ['Your receiver'],
      summary: 'Receive an event after the assessment',
      description:
        "Begini sends events to the URL that is set in its Deployment Centre, not to this service. This is what Begini's help centre says, as of April 2026. Expect several events for an applicant, duplicates, and any order. Events have no id.",
      security: [],
      parameters: [
        {
          name: 'X-Signature',
          in: 'header',
          required: true,
          description:
            'HMAC-SHA-512 of the raw body in hexadecimal digits. Its key is the API key of Begini that this service uses. Compute it over the bytes as received, and compare in constant time.',
          schema: { type: 'string', pattern: '^[0-9a-f]{128}$' },
        },
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: ref('schemas', 'Event'),
            examples: Object.fromEntries(
              Object.entries(exampleEvents).map(([type, value]) => [type, { value }]),
            ),
          },
        },
      },
      responses: {
        200: {
          description:
            'Received. Answer exactly 200 with a JSON body, promptly; otherwise Begini sends the event again.',
          content: { 'application/json': { schema: {}, example: {} } },
        },
        401: { description: 'The signature is wrong.' },
      },
    },
  },
};
