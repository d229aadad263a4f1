import { applicantPageOf } from '../../lib/stages/applicant-page.ts';

/** The pages of the made-up lender in `npm start`: with every setting that a stage can have. */
export const demoPage = applicantPageOf(
  {
    lenderName: 'Sunrise Loans',
    color: '#9a3412',
    logo: 'bin/local/demo-logo.svg',
    supportLine: 'Questions? Call us: 0800 555 0142, Monday to Friday, 8 am to 6 pm.',
    privacyUrl: 'https://www.lender.example/privacy',
    languages: {
      en: {},
      es: {
        supportLine: '¿Tiene preguntas? Llámenos al 0800 555 0142, de lunes a viernes, de 8 a 18 horas.',
      },
      'pt-BR': {
        supportLine: 'Dúvidas? Ligue para 0800 555 0142, de segunda a sexta, das 8h às 18h.',
      },
      fr: {
        supportLine:
          'Des questions\u00a0? Appelez-nous au 0800 555 0142, du lundi au vendredi, de 8 h à 18 h.',
      },
      ar: {
        lenderName: 'قروض الشروق',
        supportLine:
          'هل لديك أسئلة؟ اتصل بنا على 0800 555 0142 من الاثنين إلى الجمعة، من 8 صباحًا حتى 6 مساءً.',
      },
    },
  },
  // The demo loan app, next to the service.
  '/',
);
