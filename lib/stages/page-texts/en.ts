import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in English, with a name for the lender if a stage gives none. The others translate these. */
export const en: PageTexts & { lenderName: string } = {
  lenderName: 'Your lender',
  title: 'Your assessment is ready',
  text: 'The next step of your application is a short assessment. When you are ready, start it here.',
  duration: 'It takes 3 to 5 minutes. Please do it in one sitting.',
  handover:
    'It takes place on the site of our partner Begini. Your browser will then show the address psychometric.me.',
  button: 'Start the assessment',
  opening: 'Opening the assessment…',
  invalidTitle: 'This link does not work',
  invalidText:
    'It may not be complete. Please open it again from the message you received, or ask us for a new one.',
  expiredTitle: 'This link has expired',
  expiredText: 'Please ask us for a new one.',
  rejectedTitle: 'The assessment cannot be started',
  rejectedText:
    'You may already have taken it; then there is nothing more to do here. If you have not, please get in touch with us.',
  laterTitle: 'The assessment cannot be started right now',
  laterText: 'This is not your fault, and nothing is lost. Please try again in a moment.',
  returnCompleteTitle: 'Thank you',
  returnCompleteText:
    'If you have answered all questions, there is nothing more to do here. We will contact you about the next step of your application.',
  returnCancelledTitle: 'You have left the assessment',
  returnCancelledText:
    'If you want to continue, please open the link in our message again, or get in touch with us.',
  returnExpiredTitle: 'The time for the assessment is over',
  returnExpiredText: 'If you still want to take it, please ask us for a new link.',
  tryAgain: 'Try again',
  afterBack: 'If your browser shows an error when you go back, please open the link in our message again.',
  back: 'Go back',
  privacy: 'Privacy notice',
  reference: 'When you contact us, please give this reference:',
};
