import { expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

test.each(environments)(
  'a %s stage has its two queries ready, on the logs of its functions',
  (environment) => {
    const template = templateOf({ environment });
    const queries = Object.values(template.findResources('AWS::Logs::QueryDefinition')).map(
      ({ Properties }) => Properties,
    );
    expect(queries.map(({ Name }) => Name)).toEqual([
      'BeginiSession-Demo/Errors by code over time',
      'BeginiSession-Demo/One applicant',
    ]);
    const logGroups = ['CreateSession', 'CreateLaunchLink', 'LaunchLinksLaunch'].map((id) => ({
      Ref: resourceOf(template, 'AWS::Logs::LogGroup', id).logicalId,
    }));
    for (const { LogGroupNames } of queries) expect(LogGroupNames).toEqual(logGroups);
  },
);

test.each(environments)('a %s stage with results has a query of its own for them', (environment) => {
  const template = templateOf({ environment, results: true });
  const { LogGroupNames } = resourceOf(template, 'AWS::Logs::QueryDefinition', 'Results').Properties;
  expect(LogGroupNames).toEqual([
    { Ref: resourceOf(template, 'AWS::Logs::LogGroup', 'ReceiveResult').logicalId },
  ]);
});
