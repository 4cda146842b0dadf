import { describe, expect, test } from 'vitest';
import { detectLanguage } from '../../runner/text/detect-language.ts';

const sentences: Record<string, string> = {
  en: 'The gate opens with the brass key that hangs beside the kitchen door.',
  de: 'Das Tor öffnet sich mit dem Schlüssel, der neben der Küchentür hängt.',
  fr: 'La porte s’ouvre avec la clé qui est accrochée à côté de la cuisine.',
  es: 'La puerta se abre con la llave que cuelga al lado de la cocina.',
  it: 'Il cancello si apre con la chiave che è appesa accanto alla cucina.',
  pt: 'O portão abre com a chave que está pendurada ao lado da cozinha.',
  nl: 'De poort gaat open met de sleutel die naast de keukendeur hangt.',
  sv: 'Porten öppnas med nyckeln som hänger bredvid köksdörren. Ingen vet varför den är så gammal, och jag frågar inte.',
  fi: 'Portti aukeaa avaimella, joka roikkuu keittiön oven vieressä talossa.',
  hu: 'A kapu azzal a kulccsal nyílik, amely a konyhaajtó mellett lóg.',
  ro: 'Poarta se deschide cu cheia care atârnă lângă ușa de la bucătărie.',
  tr: 'Kapı, mutfak kapısının yanında asılı duran pirinç anahtarla açılır.',
  pl: 'Brama otwiera się kluczem, który wisi obok drzwi do kuchni.',
  ru: 'Ворота открываются ключом, который висит рядом с дверью на кухню.',
  uk: 'Ворота відчиняються ключем, який висить біля дверей на кухню.',
  el: 'Η πύλη ανοίγει με το κλειδί που κρέμεται δίπλα στην κουζίνα.',
  ar: 'تفتح البوابة بالمفتاح النحاسي المعلق بجانب باب المطبخ.',
  hi: 'फाटक उस पीतल की चाबी से खुलता है जो रसोई के दरवाज़े के पास टंगी है।',
  th: 'ประตูเปิดด้วยกุญแจทองเหลืองที่แขวนอยู่ข้างประตูครัว',
  zh: '大门用挂在厨房门旁边的黄铜钥匙打开。',
  ja: '門は台所のドアの横にかかっている真鍮の鍵で開きます。',
  ko: '문은 부엌문 옆에 걸려 있는 놋쇠 열쇠로 열립니다.',
};

describe('the language of first texts', () => {
  test.each(Object.entries(sentences))('is told from one sentence of %s', (language, sentence) => expect(detectLanguage([sentence])).toBe(language));

  test('is told although names, code and links stand in Latin letters in it', () => {
    expect(detectLanguage([`${sentences.ja} See https://example.com/handbook and README.md.`])).toBe('ja');
  });

  test('is English when too little is written to tell, or nothing', () => {
    for (const texts of [[], [''], ['12 345'], ['fine'], ['v1.2'], ['🎉']]) expect(detectLanguage(texts)).toBe('en');
  });

  test('is that of the first texts, not of an endless rest', () => {
    const endless = function* () {
      for (;;) yield sentences.de ?? '';
    };
    expect(detectLanguage(endless())).toBe('de');
  });
});
