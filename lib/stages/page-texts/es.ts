import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in Spanish, with a name for the lender if a stage gives none. */
export const es: PageTexts & { lenderName: string } = {
  lenderName: 'Su entidad financiera',
  title: 'Ya puede hacer su evaluación',
  text: 'El siguiente paso de su solicitud es una breve evaluación. Cuando quiera, puede comenzarla aquí.',
  duration: 'Dura de 3 a 5 minutos. Por favor, hágala sin interrupciones.',
  handover:
    'Se realiza en el sitio web de nuestro socio Begini. Al comenzar, su navegador mostrará la dirección psychometric.me.',
  button: 'Comenzar la evaluación',
  opening: 'Abriendo la evaluación…',
  invalidTitle: 'Este enlace no funciona',
  invalidText:
    'Es posible que esté incompleto. Ábralo de nuevo desde el mensaje que recibió o pídanos uno nuevo.',
  expiredTitle: 'Este enlace ha expirado',
  expiredText: 'Por favor, pídanos uno nuevo.',
  rejectedTitle: 'No se puede iniciar la evaluación',
  rejectedText:
    'Es posible que ya la haya realizado; en ese caso, no tiene que hacer nada más aquí. Si no la ha realizado, póngase en contacto con nosotros.',
  laterTitle: 'En este momento no se puede iniciar la evaluación',
  laterText: 'No es culpa suya y no se ha perdido nada. Inténtelo de nuevo en un momento.',
  returnCompleteTitle: 'Gracias',
  returnCompleteText:
    'Si ha respondido a todas las preguntas, no tiene que hacer nada más aquí. Nos pondremos en contacto con usted para el siguiente paso de su solicitud.',
  returnCancelledTitle: 'Ha salido de la evaluación',
  returnCancelledText:
    'Si desea continuar, abra de nuevo el enlace de nuestro mensaje o póngase en contacto con nosotros.',
  returnExpiredTitle: 'El tiempo para la evaluación ha terminado',
  returnExpiredText: 'Si todavía desea realizarla, pídanos un nuevo enlace.',
  tryAgain: 'Intentar de nuevo',
  afterBack: 'Si su navegador muestra un error al volver atrás, abra de nuevo el enlace de nuestro mensaje.',
  back: 'Volver',
  privacy: 'Aviso de privacidad',
  reference: 'Si se pone en contacto con nosotros, indique esta referencia:',
};
