import { htmlPage, pageHeaders } from '../html-page.ts';
import type { SimulatorResponse } from './begini-faults.ts';

type Page = { status: number; title: string; text: string; buttons?: string };

const noReturnUrl =
  'Without a URL for this in the Deployment Centre, the applicant stays on a screen like this one.';

const pages = {
  valid: {
    status: 200,
    title: 'This is where the Begini assessment would start',
    text: 'On a deployed stage the applicant is now at psychometric.me, and answers questions for 3 to 5 minutes.',
    buttons: `<form method="post">
<button name="ending" value="finish">Finish</button>
<button name="ending" value="give-up">Give up</button>
<button name="ending" value="expire">Let it expire</button>
</form>`,
  },
  entered: {
    status: 403,
    title: 'This assessment was entered before',
    text: 'The simulator was told that a link can be entered only once.',
  },
  expired: {
    status: 410,
    title: 'This assessment link has expired',
    text: 'Begini leads the applicant to the expiry URL of the Deployment Centre.',
  },
  unknown: { status: 404, title: 'There is no such assessment', text: 'The address is not whole.' },
  finish: { status: 200, title: 'The assessment is finished', text: noReturnUrl },
  'give-up': { status: 200, title: 'The assessment was cancelled', text: noReturnUrl },
  expire: { status: 200, title: 'The time for the assessment is over', text: noReturnUrl },
} as const satisfies Record<string, Page>;

export type PageName = keyof typeof pages;

/** A page never shows what the token says: it is a credential, and contains the uid. */
export function assessmentPage(name: PageName): SimulatorResponse {
  const { status, title, text, buttons = '' }: Page = pages[name];
  return {
    status,
    headers: { ...pageHeaders, 'Referrer-Policy': 'no-referrer' },
    body: htmlPage(
      'Begini simulator',
      style,
      `<main>
<p class="simulator">Simulator</p>
<h1>${title}</h1>
<p>This page comes from a simulator on this machine. ${text}</p>
${buttons}
</main>`,
    ),
  };
}

const style = `
:root{color-scheme:light dark}
body{margin:0;font:1.125rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:34rem;margin:0 auto;padding:2rem 20px}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.3}
button{display:block;width:100%;min-height:3rem;margin:0 0 1rem;font:inherit}
.simulator{display:inline-block;margin:0 0 1.5rem;padding:.125rem .75rem;border:2px dashed;border-radius:1rem;font-size:1rem;font-weight:700}
`;
