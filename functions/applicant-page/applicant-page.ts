/** What applicants read in one language, all of it plain text. */
export type PageTexts = {
  /** Of the page behind a good link. */
  title: string;
  text: string;
  /** How long the assessment takes. */
  duration: string;
  /** Who conducts it, and at which address the applicant continues. */
  handover: string;
  button: string;
  /** On the button once it was tapped. */
  opening: string;
  /** For a link that is not one of ours, or not whole. */
  invalidTitle: string;
  invalidText: string;
  expiredTitle: string;
  expiredText: string;
  /** For an applicant whom Begini refuses, perhaps because the assessment was taken. */
  rejectedTitle: string;
  rejectedText: string;
  /** For errors that another try may get past. */
  laterTitle: string;
  laterText: string;
  tryAgain: string;
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
  /** A `data:` URL of a PNG or SVG; absent, the lender's name stands in its place. */
  logo?: string | undefined;
};

/** Everything that makes the pages of a stage its lender's. It is part of the bundle of the function that shows them. */
export type ApplicantPage = {
  /** The first is shown where neither the link nor the browser asks for another. */
  languages: readonly [PageLanguage, ...PageLanguage[]];
  brand: Brand;
  /** `https://…`: the way back to the lender that pages without a session offer. */
  returnUrl?: string | undefined;
};
