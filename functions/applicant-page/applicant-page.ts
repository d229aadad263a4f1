/** What applicants read in one language, all of it plain text. */
export type PageTexts = {
  /** On the page of a valid link. */
  title: string;
  text: string;
  /** How long the assessment takes. */
  duration: string;
  /** Who conducts it, and at which address the applicant continues. */
  handover: string;
  button: string;
  /** On the button after a tap. */
  opening: string;
  /** For a link that this stage did not make, or that is incomplete. */
  invalidTitle: string;
  invalidText: string;
  expiredTitle: string;
  expiredText: string;
  /** For an applicant that Begini refuses, perhaps because they have taken the assessment. */
  rejectedTitle: string;
  rejectedText: string;
  /** For errors where another try may help. */
  laterTitle: string;
  laterText: string;
  /** On the pages to which Begini sends the browser at the end. They must not say how the assessment ended. */
  returnCompleteTitle: string;
  returnCompleteText: string;
  returnCancelledTitle: string;
  returnCancelledText: string;
  returnExpiredTitle: string;
  returnExpiredText: string;
  tryAgain: string;
  /** On an error page after a tap, for a browser without scripts: it may refuse to go back. */
  afterBack: string;
  /** On the link to `returnUrl`. */
  back: string;
  /** On the link to `privacyUrl`. */
  privacy: string;
  /** Before the reference of a request. */
  reference: string;
};

/** The texts of one language, and what else differs by language. */
export type PageLanguage = PageTexts & {
  /** As in `lang`: `en`, `pt-BR`. */
  language: string;
  direction: 'ltr' | 'rtl';
  lenderName: string;
  /** How an applicant reaches the lender: a sentence with a phone number. */
  supportLine?: string | undefined;
  /** `https://…` */
  privacyUrl?: string | undefined;
};

/** How the lender looks, in every language. */
export type Brand = {
  /** `#rrggbb` for button and links, with a contrast of at least 4.5:1 to white. */
  color: string;
  /** The same for the dark scheme. */
  darkColor: string;
  /** A `data:` URL of a PNG or SVG; if absent, the lender's name is shown instead. */
  logo?: string | undefined;
};

/** The lender's texts and design for the pages of a stage, bundled with the function that shows them. */
export type ApplicantPage = {
  /** The first is shown if neither the link nor the browser asks for another. */
  languages: readonly [PageLanguage, ...PageLanguage[]];
  brand: Brand;
  /** `https://…`: the link back to the lender on every page but the start page. */
  returnUrl?: string | undefined;
};
