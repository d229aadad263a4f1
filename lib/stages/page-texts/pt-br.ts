import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in Brazilian Portuguese, the lender's name included where a stage gives none. */
export const ptBr: PageTexts & { lenderName: string } = {
  lenderName: 'Sua instituição financeira',
  title: 'Sua avaliação está pronta',
  text: 'A próxima etapa da sua solicitação é uma breve avaliação. Quando quiser, você pode começá-la aqui.',
  duration: 'Leva de 3 a 5 minutos. Por favor, faça tudo de uma só vez.',
  handover:
    'Ela é feita no site da nossa parceira Begini. Seu navegador mostrará então o endereço psychometric.me.',
  button: 'Começar a avaliação',
  opening: 'Abrindo a avaliação…',
  invalidTitle: 'Este link não funciona',
  invalidText:
    'Ele pode estar incompleto. Abra-o de novo pela mensagem que você recebeu ou peça-nos um novo.',
  expiredTitle: 'Este link expirou',
  expiredText: 'Por favor, peça-nos um novo.',
  rejectedTitle: 'Não é possível iniciar a avaliação',
  rejectedText:
    'Talvez você já a tenha feito; nesse caso, não há mais nada a fazer aqui. Se ainda não a fez, entre em contato conosco.',
  laterTitle: 'Não é possível iniciar a avaliação agora',
  laterText: 'A culpa não é sua e nada se perdeu. Tente de novo daqui a pouco.',
  tryAgain: 'Tentar de novo',
  back: 'Voltar',
  privacy: 'Aviso de privacidade',
  reference: 'Ao entrar em contato conosco, informe esta referência:',
};
