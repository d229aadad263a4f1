import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';

/** What applicants read in Arabic, with a name for the lender if a stage gives none. */
export const ar: PageTexts & { lenderName: string } = {
  lenderName: 'جهة التمويل الخاصة بك',
  title: 'يمكنك الآن إجراء التقييم',
  text: 'الخطوة التالية في طلبك هي إجراء تقييم قصير. يمكنك البدء هنا متى شئت.',
  duration: 'يستغرق التقييم من 3 إلى 5 دقائق. يُرجى إكماله في جلسة واحدة.',
  handover: 'يُجرى التقييم على موقع شريكنا Begini. وعند البدء، سيعرض متصفحك العنوان psychometric.me.',
  button: 'بدء التقييم',
  opening: 'جارٍ فتح التقييم…',
  invalidTitle: 'هذا الرابط لا يعمل',
  invalidText: 'قد يكون الرابط غير مكتمل. يُرجى فتحه مرة أخرى من الرسالة التي وصلتك، أو طلب رابط جديد منا.',
  expiredTitle: 'انتهت صلاحية هذا الرابط',
  expiredText: 'يُرجى طلب رابط جديد منا.',
  rejectedTitle: 'لا يمكن بدء التقييم',
  rejectedText:
    'ربما سبق لك إجراء التقييم، وفي هذه الحالة لا يلزمك فعل أي شيء آخر هنا. وإذا لم يسبق لك إجراؤه، فيُرجى التواصل معنا.',
  laterTitle: 'لا يمكن بدء التقييم الآن',
  laterText: 'هذا ليس خطأً منك، ولم يُفقد أي شيء. يُرجى المحاولة مرة أخرى بعد قليل.',
  returnCompleteTitle: 'شكرًا لك',
  returnCompleteText:
    'إذا أجبت عن جميع الأسئلة، فلا يلزمك فعل أي شيء آخر هنا. سنتواصل معك بشأن الخطوة التالية في طلبك.',
  returnCancelledTitle: 'لقد خرجت من التقييم',
  returnCancelledText: 'إذا أردت المتابعة، فيُرجى فتح الرابط الوارد في رسالتنا مرة أخرى أو التواصل معنا.',
  returnExpiredTitle: 'انتهى وقت التقييم',
  returnExpiredText: 'إذا كنت لا تزال ترغب في إجرائه، فيُرجى طلب رابط جديد منا.',
  tryAgain: 'إعادة المحاولة',
  afterBack: 'إذا عرض متصفحك خطأً عند الرجوع، فيُرجى فتح الرابط الوارد في رسالتنا مرة أخرى.',
  back: 'رجوع',
  privacy: 'إشعار الخصوصية',
  reference: 'عند التواصل معنا، يُرجى ذكر هذا الرمز المرجعي:',
};
