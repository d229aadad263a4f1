import type { Brand } from './applicant-page.ts';

/**
 * The page's style sheet. Every text has a contrast of at least 7:1 in both schemes, except for text in the lender's
 * colour: at least 4.5:1. Sizes are in `rem`, so that they grow with the text. The address of the assessment stays on one
 * line at any size. On a screen of 320 × 568 the start button is visible at once.
 */
export function pageStyle({ color, darkColor }: Pick<Brand, 'color' | 'darkColor'>): string {
  return `
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#16181d;--quiet:#454b57;--line:#d9dce2;--brand:${color}}
@media(prefers-color-scheme:dark){:root{--page:#0d0f12;--card:#17191e;--text:#f2f3f5;--quiet:#b9bec8;--line:#353a44;--brand:${darkColor}}img{padding:.375rem;border-radius:.375rem;background:#fff}}
@media(forced-colors:active){img{padding:.375rem;background:#fff;forced-color-adjust:none}svg{stroke:CanvasText}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:1.125rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere;-webkit-hyphens:auto;hyphens:auto;hyphenate-limit-chars:14 6 6}
div{display:flex;flex-direction:column;max-width:34rem;min-height:100vh;min-height:100svh;margin:auto;padding:1.5rem 20px;border-top:.375rem solid var(--brand);background:var(--card)}
header{margin:0 0 2.25rem;font-size:1.25rem;font-weight:700}
img{display:block;max-width:100%;height:3rem;object-fit:contain;object-position:left}
[dir=rtl] img{object-position:right}
[dir=rtl] li+li svg{transform:scaleX(-1)}
main{flex:1}
h1,h2{margin:0 0 .75rem;font-size:1.5rem;line-height:1.3;text-wrap:balance}
section{margin:2rem 0 0;padding:1.5rem 0 0;border-top:1px solid var(--line)}
p,ul{margin:0 0 1.5rem;padding:0;text-wrap:pretty}
li{display:flex;gap:.75rem;margin:0 0 .75rem;color:var(--quiet);list-style:none}
li bdi{font-size:min(1em,8vw);white-space:nowrap;-webkit-hyphens:manual;hyphens:manual}
svg{flex:none;width:1.5rem;height:1.5rem;margin-top:.125rem;fill:none;stroke:var(--brand);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
form{margin:2rem 0 0}
button,main>a{display:block;width:100%;min-height:3.25rem;margin:0 0 1rem;padding:.75rem 1.25rem;border:2px solid var(--brand);border-radius:.5rem;background:var(--brand);color:var(--card);font:inherit;font-weight:700;text-align:center;text-decoration:none;cursor:pointer}
main>a{background:none;color:var(--brand)}
button:enabled:hover,a:hover{text-decoration:underline}
button:disabled{background:none;color:var(--brand);cursor:progress}
:focus-visible{outline:3px solid var(--text);outline-offset:3px}
[role=status]{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
aside{margin:1rem 0 0;padding:1rem 20px;border-radius:.5rem;background:var(--page)}
aside p:last-child{margin:0}
aside bdi{font-weight:700;letter-spacing:.05em}
aside code{display:inline-block;max-width:8ch;overflow:hidden;vertical-align:bottom;font:inherit;font-family:monospace;font-weight:700;white-space:nowrap}
aside a{color:inherit}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--quiet);font-size:1rem}
footer p{margin:0 0 .5rem}
footer a{color:inherit}
@media(max-height:38rem){body{line-height:1.4}div{padding-top:.75rem}header{margin-bottom:.75rem}img{height:2.25rem}h1{margin-bottom:.5rem}p,ul,li{margin-bottom:.5rem}form{margin-top:.75rem}}
@media(min-width:40rem){div{min-height:0;margin:4rem auto;padding:2.5rem 3rem;border-radius:.75rem}h1,h2{font-size:1.75rem}}
`;
}

/**
 * Disables the button on the tap and says what happens, also to a screen reader. Back, forward and a restored page fire
 * `pageshow`; a cancelled navigation fires nothing, so there is a timer. A second tap is harmless, so neither has to be
 * exact.
 */
export const tapScript = `
{
const button=document.querySelector('button'),status=document.querySelector('[role=status]'),label=button.textContent
let timer
const ready=()=>{clearTimeout(timer);button.disabled=false;button.textContent=label;status.textContent=''}
button.form.addEventListener('submit',()=>{
button.disabled=true
button.textContent=status.textContent=button.dataset.opening
timer=setTimeout(ready,10000)
})
addEventListener('pageshow',ready)
}
`;

/**
 * Makes a page that answers the form an ordinary entry of the browser's history. Back and reload then show the start page;
 * otherwise the browser shows an error page, because it would have to send the form again. Then the advice on it goes; it
 * is no `noscript`, because scripts can be blocked in browsers that have them.
 */
export const backScript = `
history.replaceState(null,'',location.href)
document.querySelector('#after-back')?.remove()
`;
