import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in Brazilian Portuguese, with a name for the lender if a stage gives none. */
export const ptBr: PageTexts & { lenderName: string } = {
  lenderName: 'Sua instituição financeira',
  title: 'Você já pode fazer sua avaliação',
  text: 'A próxima etapa da sua solicitação é uma breve avaliação. Você pode começar aqui quando quiser.',
  duration: 'Leva de 3 a 5 minutos. Por favor, faça tudo de uma só vez.',
  handover:
    'Ela é feita no site da nossa parceira Begini. Ao começar, seu navegador mostrará o endereço psychometric.me.',
  button: 'Começar a avaliação',
  opening: 'Abrindo a avaliação…',
  invalidTitle: 'Este link não funciona',
  invalidText:
    'Ele pode estar incompleto. Abra-o de novo pela mensagem que você recebeu ou solicite um novo link.',
  expiredTitle: 'Este link expirou',
  expiredText: 'Por favor, solicite um novo link.',
  rejectedTitle: 'Não é possível iniciar a avaliação',
  rejectedText:
    'Talvez você já tenha feito a avaliação; nesse caso, não precisa fazer mais nada aqui. Se ainda não fez, entre em contato conosco.',
  laterTitle: 'Não é possível iniciar a avaliação agora',
  laterText: 'O problema não foi causado por você e nada foi perdido. Tente de novo daqui a pouco.',
  returnCompleteTitle: 'Agradecemos sua participação',
  returnCompleteText:
    'Se você respondeu a todas as perguntas, não precisa fazer mais nada aqui. Entraremos em contato para a próxima etapa da sua solicitação.',
  returnCancelledTitle: 'Você saiu da avaliação',
  returnCancelledText:
    'Se quiser continuar, abra de novo o link da nossa mensagem ou entre em contato conosco.',
  returnExpiredTitle: 'O tempo para a avaliação acabou',
  returnExpiredText: 'Se ainda quiser fazê-la, solicite um novo link.',
  tryAgain: 'Tentar de novo',
  afterBack: 'Se o navegador mostrar um erro ao voltar, abra de novo o link da nossa mensagem.',
  back: 'Voltar',
  privacy: 'Aviso de privacidade',
  reference: 'Ao entrar em contato conosco, informe esta referência:',
};
