import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in French, with a name for the lender if a stage gives none. */
export const fr: PageTexts & { lenderName: string } = {
  lenderName: 'Votre organisme prêteur',
  title: 'Vous pouvez passer votre évaluation',
  text: 'La prochaine étape de votre demande est une courte évaluation. Vous pouvez la commencer ici quand vous le souhaitez.',
  duration: 'Elle dure de 3 à 5\u00a0minutes. Merci de la faire en une seule fois.',
  handover:
    'Elle se déroule sur le site de notre partenaire Begini. Au démarrage, votre navigateur affichera l’adresse psychometric.me.',
  button: 'Commencer l’évaluation',
  opening: 'Ouverture de l’évaluation…',
  invalidTitle: 'Ce lien ne fonctionne pas',
  invalidText:
    'Il est peut-être incomplet. Rouvrez-le depuis le message que vous avez reçu, ou demandez-nous un nouveau lien.',
  expiredTitle: 'Ce lien a expiré',
  expiredText: 'Merci de nous demander un nouveau lien.',
  rejectedTitle: 'L’évaluation ne peut pas démarrer',
  rejectedText:
    'Vous l’avez peut-être déjà passée\u00a0; dans ce cas, aucune autre démarche n’est nécessaire ici. Sinon, veuillez nous contacter.',
  laterTitle: 'L’évaluation ne peut pas démarrer pour le moment',
  laterText: 'Vous n’y êtes pour rien et rien n’a été perdu. Veuillez réessayer dans un instant.',
  returnCompleteTitle: 'Merci',
  returnCompleteText:
    'Si vous avez répondu à toutes les questions, aucune autre démarche n’est nécessaire ici. Nous vous contacterons pour la prochaine étape de votre demande.',
  returnCancelledTitle: 'Vous avez quitté l’évaluation',
  returnCancelledText: 'Pour continuer, rouvrez le lien de notre message ou contactez-nous.',
  returnExpiredTitle: 'Le temps prévu pour l’évaluation est écoulé',
  returnExpiredText: 'Si vous souhaitez encore la passer, veuillez nous demander un nouveau lien.',
  tryAgain: 'Réessayer',
  afterBack:
    'Si votre navigateur affiche une erreur quand vous revenez en arrière, rouvrez le lien de notre message.',
  back: 'Retour',
  privacy: 'Avis de confidentialité',
  reference: 'Si vous nous contactez, indiquez cette référence\u00a0:',
};
