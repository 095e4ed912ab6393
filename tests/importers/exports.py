"""Small exports as phones write them: one conversation of Anna and Ben on the 14th of January 2024, one on the 3rd of February, in the words of each country.

All say the same, so all must give PAIRS: a message of two lines, two messages in a row, a picture, a deleted message, a call, notices.
"""

LRM, RLM, NNBSP, NBSP, LS = "\u200e", "\u200f", "\u202f", "\u00a0", "\u2028"

PAIRS = [[(f"hello Ben{LS}are you there?", "hi Anna: yes what is up?")], [("lunch?", "at 12:30")]]


def android(first, second, third, fourth, notice, media, deleted, attached, group, call):
    """An Android export. The four times: 14 January 21:05, 21:06, then 3 February 09:40, 09:41."""
    return "\n".join([
        f"{first} - {notice}",
        f"{first} - {group}",
        f"{first} - Anna: hello Ben",
        "are you there?",
        f"{second} - Ben: hi Anna: yes",
        f"{second} - Ben: what is up?",
        f"{second} - Anna: {media}",
        f"{second} - Ben: {LRM}{attached}",
        f"{third} - Anna: lunch?",
        f"{third} - Ben: {deleted}",
        f"{fourth} - Ben: at 12:30",
        f"{fourth} - Anna: {call}",
    ]) + "\n"  # fmt: skip


def iphone(first, second, third, fourth, notice, image, deleted, attached, group, call):
    """An iPhone export of the same; what the program writes is marked."""
    return "\n".join([
        f"{LRM}[{first}] Friends: {LRM}{notice}",
        f"[{first}] Friends: {LRM}{group}",
        f"[{first}] Anna: hello Ben",
        "are you there?",
        f"[{second}] Ben: hi Anna: yes",
        f"[{second}] Ben: what is up? {LRM}<This message was edited>",
        f"{LRM}[{second}] Anna: {LRM}{image}",
        f"{LRM}[{second}] Ben: {LRM}{attached}",
        f"[{third}] Anna: lunch?",
        f"[{third}] Ben: {LRM}{deleted}",
        f"[{fourth}] Ben: at 12:30",
        f"[{fourth}] Anna: {LRM}{call}",
    ]) + "\n"  # fmt: skip


EN = ("Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, can read or listen to them. Tap to learn more.", "<Media omitted>",
      "This message was deleted", "IMG-20240114-WA0003.jpg (file attached)", "Anna created group “Friends: old”", "Missed voice call")  # fmt: skip
DE = ("Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Tippe, um mehr zu erfahren.", "<Medien ausgeschlossen>", "Diese Nachricht wurde gelöscht.",
      "PTT-20240114-WA0003.opus (Datei angehängt)", "Anna hat die Gruppe „Freunde: alt“ erstellt", "Verpasster Sprachanruf")  # fmt: skip
FR = ("Les messages et les appels sont chiffrés de bout en bout. Appuyez pour en savoir plus.", "<Médias omis>", "Ce message a été supprimé", "photo.jpg (fichier joint)",
      "Anna a créé le groupe « Amis : hier »", "Appel vocal manqué")  # fmt: skip
ES = ("Los mensajes y las llamadas están cifrados de extremo a extremo. Toca para obtener más información.", "<Multimedia omitido>", "Se eliminó este mensaje.",
      "STK-20240114-WA0003.webp (archivo adjunto)", "Anna creó el grupo \"Amigos: hoy\"", "Llamada perdida")  # fmt: skip
PT = ("As mensagens e as chamadas são protegidas com a criptografia de ponta a ponta. Toque para saber mais.", "<Mídia oculta>", "Mensagem apagada",
      "VID-20240114-WA0003.mp4 (arquivo anexado)", "Anna criou o grupo \"Amigos: hoje\"", "Ligação de voz perdida")  # fmt: skip
IT = ("I messaggi e le chiamate sono crittografati end-to-end. Tocca per saperne di più.", "<Media omessi>", "Questo messaggio è stato eliminato", "nota.pdf (file allegato)",
      "Anna ha creato il gruppo \"Amici: oggi\"", "Chiamata vocale persa")  # fmt: skip
KO = ("메시지와 통화는 종단간 암호화되어 안전하게 보호됩니다. 더 알아보기.", "<미디어 파일 제외됨>", "이 메시지는 삭제되었습니다", "IMG-20240114-WA0003.jpg (파일 첨부됨)", "Anna님이 그룹을 만들었습니다: 친구", "부재중 음성 통화")  # fmt: skip
JA = ("メッセージと通話はエンドツーエンド暗号化されています。タップして詳細を確認。", "<メディアなし>", "このメッセージは削除されました", "IMG-20240114-WA0003.jpg (添付ファイル)", "Annaさんがグループ「友達: 今日」を作成しました", "音声通話に不在着信")  # fmt: skip
AR = ("الرسائل والمكالمات مشفرة تمامًا بين الطرفين. انقر لمعرفة المزيد.", "<تم استبعاد الوسائط>", "تم حذف هذه الرسالة", "IMG-20240114-WA0003.jpg (الملف مرفق)", "أنشأ Anna المجموعة \"أصدقاء: اليوم\"", "مكالمة صوتية فائتة")  # fmt: skip

IOS_EN = (EN[0], "image omitted", EN[2] + ".", "<attached: 00000012-PHOTO-2024-01-14-21-06-11.jpg>", EN[4], "Missed video call")
IOS_DE = (DE[0], "Bild weggelassen", DE[2], "<Anhang: 00000012-PHOTO-2024-01-14-21-06-11.jpg>", DE[4], DE[5])
IOS_FR = (FR[0], "image absente", FR[2], "<pièce jointe : 00000012-PHOTO.jpg>", FR[4], FR[5])
IOS_KO = (KO[0], "이미지 생략됨", KO[2], "<첨부: 00000012-PHOTO.jpg>", KO[4], KO[5])
IOS_JA = (JA[0], "画像は省略されました", JA[2], "<添付ファイル: 00000012-PHOTO.jpg>", JA[4], JA[5])
IOS_AR = (AR[0], "الصورة غير مشمولة", AR[2], "<المرفق: 00000012-PHOTO.jpg>", AR[4], AR[5])

WHATSAPP = {
    "android en-US": android(f"1/14/24, 9:05{NNBSP}PM", f"1/14/24, 9:06{NNBSP}PM", f"2/3/24, 9:40{NNBSP}AM", f"2/3/24, 9:41{NNBSP}AM", *EN),
    "android en-US, older": android("1/14/24, 9:05 PM", "1/14/24, 9:06 PM", "2/3/24, 9:40 AM", "2/3/24, 9:41 AM", *EN),
    "android en-GB": android("14/01/2024, 21:05", "14/01/2024, 21:06", "03/02/2024, 09:40", "03/02/2024, 09:41", *EN),
    "android en-GB, 12 h": android(f"14/01/2024, 9:05{NNBSP}pm", f"14/01/2024, 9:06{NNBSP}pm", f"03/02/2024, 9:40{NNBSP}am", f"03/02/2024, 9:41{NNBSP}am", *EN),
    "android en-CA": android("2024-01-14, 9:05 p.m.", "2024-01-14, 9:06 p.m.", "2024-02-03, 9:40 a.m.", "2024-02-03, 9:41 a.m.", *EN),
    "android de": android("14.01.24, 21:05", "14.01.24, 21:06", "03.02.24, 09:40", "03.02.24, 09:41", *DE),
    "android fr": android("14/01/2024 21:05", "14/01/2024 21:06", "03/02/2024 09:40", "03/02/2024 09:41", *FR),
    "android fr, older": android("14/01/2024 à 21:05", "14/01/2024 à 21:06", "03/02/2024 à 09:40", "03/02/2024 à 09:41", *FR),
    "android es": android("14/1/24, 21:05", "14/1/24, 21:06", "3/2/24, 9:40", "3/2/24, 9:41", *ES),
    "android es-MX": android(f"14/1/2024, 9:05{NNBSP}p.{NBSP}m.", f"14/1/2024, 9:06{NNBSP}p.{NBSP}m.", f"3/2/2024, 9:40{NNBSP}a.{NBSP}m.", f"3/2/2024, 9:41{NNBSP}a.{NBSP}m.", *ES),
    "android pt-BR": android("14/01/2024 21:05", "14/01/2024 21:06", "03/02/2024 09:40", "03/02/2024 09:41", *PT),
    "android it": android("14/01/24, 21:05", "14/01/24, 21:06", "03/02/24, 09:40", "03/02/24, 09:41", *IT),
    "android ko": android("2024. 1. 14. 오후 9:05", "2024. 1. 14. 오후 9:06", "2024. 2. 3. 오전 9:40", "2024. 2. 3. 오전 9:41", *KO),
    "android ko, long": android("2024년 1월 14일 오후 9:05", "2024년 1월 14일 오후 9:06", "2024년 2월 3일 오전 9:40", "2024년 2월 3일 오전 9:41", *KO),
    "android ko, year of two digits": android("24/1/14 PM 9:05", "24/1/14 PM 9:06", "24/2/3 AM 9:40", "24/2/3 AM 9:41", *KO),
    "android ja": android("2024/01/14 21:05", "2024/01/14 21:06", "2024/02/03 9:40", "2024/02/03 9:41", *JA),
    "android ja, 12 h": android("2024/01/14 午後9:05", "2024/01/14 午後9:06", "2024/02/03 午前9:40", "2024/02/03 午前9:41", *JA),
    "android ar": android(f"١٤{RLM}/١{RLM}/٢٠٢٤، ٩:٠٥ م", f"١٤{RLM}/١{RLM}/٢٠٢٤، ٩:٠٦ م", f"٣{RLM}/٢{RLM}/٢٠٢٤، ٩:٤٠ ص", f"٣{RLM}/٢{RLM}/٢٠٢٤، ٩:٤١ ص", *AR),
    "android ms": android("14/01/2024, 9:05 PTG", "14/01/2024, 9:06 PTG", "03/02/2024, 9:40 PG", "03/02/2024, 9:41 PG", *EN),
    "android af": android("2024-01-14, 9:05 nm.", "2024-01-14, 9:06 nm.", "2024-02-03, 9:40 vm.", "2024-02-03, 9:41 vm.", *EN),
    "android bg": android("14.01.24 г., 21:05 ч.", "14.01.24 г., 21:06 ч.", "3.02.24 г., 9:40 ч.", "3.02.24 г., 9:41 ч.", *EN),
    "android fr-CA": android(f"2024-01-14 21{NBSP}h{NBSP}05", f"2024-01-14 21{NBSP}h{NBSP}06", f"2024-02-03 09{NBSP}h{NBSP}40", f"2024-02-03 09{NBSP}h{NBSP}41", *FR),
    "iphone fr-CA": iphone("2024-01-14 21 h 05 min 01 s", "2024-01-14 21 h 06 min 12 s", "2024-02-03 09 h 40 min 00 s", "2024-02-03 09 h 41 min 59 s", *IOS_FR),
    "copied": iphone("21:05, 14/01/2024", "21:06, 14/01/2024", "09:40, 03/02/2024", "09:41, 03/02/2024", *IOS_EN),
    "copied, 12 h": iphone("9:05 PM, 1/14/2024", "9:06 PM, 1/14/2024", "9:40 AM, 2/3/2024", "9:41 AM, 2/3/2024", *IOS_EN),
    "copied, ko": iphone("오후 9:05, 2024. 1. 14.", "오후 9:06, 2024. 1. 14.", "오전 9:40, 2024. 2. 3.", "오전 9:41, 2024. 2. 3.", *IOS_KO),
    "iphone en-US": iphone(f"1/14/24, 9:05:01{NNBSP}PM", f"1/14/24, 9:06:12{NNBSP}PM", f"2/3/24, 9:40:00{NNBSP}AM", f"2/3/24, 9:41:59{NNBSP}AM", *IOS_EN),
    "iphone en-GB": iphone("14/01/2024, 21:05:01", "14/01/2024, 21:06:12", "03/02/2024, 09:40:00", "03/02/2024, 09:41:59", *IOS_EN),
    "iphone de": iphone("14.01.24, 21:05:01", "14.01.24, 21:06:12", "03.02.24, 09:40:00", "03.02.24, 09:41:59", *IOS_DE),
    "iphone fr": iphone("14/01/2024 21:05:01", "14/01/2024 21:06:12", "03/02/2024 09:40:00", "03/02/2024 09:41:59", *IOS_FR),
    "iphone fr, older": iphone("14/01/2024 à 21:05:01", "14/01/2024 à 21:06:12", "03/02/2024 à 09:40:00", "03/02/2024 à 09:41:59", *IOS_FR),
    "iphone es": iphone("14/1/24, 21:05:01", "14/1/24, 21:06:12", "3/2/24, 9:40:00", "3/2/24, 9:41:59", ES[0], "imagen omitida", ES[2], "<adjunto: 00000012-PHOTO.jpg>", *ES[4:]),
    "iphone pt-BR": iphone("14/01/2024, 21:05:01", "14/01/2024, 21:06:12", "03/02/2024, 09:40:00", "03/02/2024, 09:41:59", PT[0], "imagem ocultada", PT[2], "<anexado: 00000012-PHOTO.jpg>", *PT[4:]),
    "iphone it": iphone("14/01/24, 21:05:01", "14/01/24, 21:06:12", "03/02/24, 09:40:00", "03/02/24, 09:41:59", IT[0], "immagine omessa", IT[2], "<allegato: 00000012-PHOTO.jpg>", *IT[4:]),
    "iphone ko": iphone("2024. 1. 14. 오후 9:05:01", "2024. 1. 14. 오후 9:06:12", "2024. 2. 3. 오전 9:40:00", "2024. 2. 3. 오전 9:41:59", *IOS_KO),
    "iphone ja": iphone("2024/01/14 21:05:01", "2024/01/14 21:06:12", "2024/02/03 9:40:00", "2024/02/03 9:41:59", *IOS_JA),
    "iphone ar": iphone(f"١٤{RLM}/١{RLM}/٢٠٢٤، ٩:٠٥:٠١ م", f"١٤{RLM}/١{RLM}/٢٠٢٤، ٩:٠٦:١٢ م", f"٣{RLM}/٢{RLM}/٢٠٢٤، ٩:٤٠:٠٠ ص", f"٣{RLM}/٢{RLM}/٢٠٢٤، ٩:٤١:٥٩ ص", *IOS_AR),
}  # fmt: skip

TELEGRAM = """{
 "name": "Anna",
 "type": "personal_chat",
 "id": 4242,
 "messages": [
  {"id": 1, "type": "service", "date": "2024-01-14T21:00:00", "date_unixtime": "1705262400", "actor": "Anna", "action": "create_group", "text": ""},
  {"id": 2, "type": "message", "date": "2024-01-14T21:05:00", "from": "Anna", "from_id": "user1", "text": ["hello ", {"type": "bold", "text": "Ben"}, "\\nare you there?"]},
  {"id": 3, "type": "message", "date": "2024-01-14T21:06:00", "from": "Ben", "from_id": "user2", "text": "hi Anna: yes", "text_entities": []},
  {"id": 4, "type": "message", "date": "2024-01-14T21:06:30", "from": "Ben", "from_id": "user2", "text": [{"type": "plain", "text": "what is up?"}]},
  {"id": 5, "type": "message", "date": "2024-01-14T21:07:00", "from": "Anna", "from_id": "user1", "photo": "photo_1.jpg", "text": ""},
  {"id": 6, "type": "message", "date": "2024-01-14T21:08:00", "from": "Anna", "from_id": "user1", "forwarded_from": "News", "text": "read this"},
  {"id": 7, "type": "message", "date": "2024-02-03T09:40:00", "from": "Anna", "from_id": "user1", "text": "lunch?"},
  {"id": 8, "type": "message", "date": "2024-02-03T09:41:00", "from": "Ben", "from_id": "user2", "text": "at 12:30"}
 ]
}
"""
DISCORD = """{
  "guild": {"id": "0", "name": "Direct Messages", "iconUrl": ""},
  "channel": {"id": "1", "type": "DirectTextChat", "name": "ben"},
  "messages": [
    {"id": "1", "type": "RecipientAdd", "timestamp": "2024-01-14T21:00:00+00:00", "content": "Added Ben.", "author": {"id": "7", "name": "anna", "nickname": "Anna", "isBot": false}},
    {"id": "2", "type": "Default", "timestamp": "2024-01-14T21:05:00.1234567+00:00", "content": "hello Ben\\nare you there?", "author": {"id": "7", "name": "anna", "nickname": "Anna", "isBot": false}},
    {"id": "3", "type": "Reply", "timestamp": "2024-01-14T22:06:00+01:00", "content": "hi Anna: yes", "author": {"id": "8", "name": "Ben", "nickname": null, "isBot": false}, "reference": {"messageId": "2"}},
    {"id": "4", "type": "Default", "timestamp": "2024-01-14T21:06:30+00:00", "content": "what is up?", "author": {"id": "8", "name": "Ben", "isBot": false}},
    {"id": "5", "type": "Default", "timestamp": "2024-01-14T21:07:00+00:00", "content": "", "attachments": [{"id": "9"}], "author": {"id": "7", "name": "anna", "nickname": "Anna"}},
    {"id": "6", "type": "Default", "timestamp": "2024-02-03T09:40:00+00:00", "content": "lunch?", "author": {"id": "7", "name": "anna", "nickname": "Anna"}},
    {"id": "7", "type": "Default", "timestamp": "2024-02-03T09:41:00+00:00", "content": "at 12:30", "author": {"id": "8", "name": "Ben"}}
  ],
  "messageCount": 7
}
"""


def discord_csv(first, second, third, fourth):
    """DiscordChatExporter's CSV, with its dates as they were in their time."""
    return (
        "AuthorID,Author,Date,Content,Attachments,Reactions\n"
        f'"7","Anna","{first}","hello Ben\nare you there?","",""\n"8","Ben","{second}","hi Anna: yes","",""\n"8","Ben","{second}","what is up?","",""\n'
        f'"7","Anna","{second}","","https://cdn/1.png",""\n"7","Anna","{third}","lunch?","",""\n"8","Ben","{fourth}","at 12:30","",""\n'
    )


DISCORD_CSV = {
    "moments": discord_csv(
        "2024-01-14T21:05:00.0000000+00:00", "2024-01-14T21:06:00.0000000+00:00", "2024-02-03T09:40:00.0000000+00:00", "2024-02-03T09:41:00.0000000+00:00"
    ),
    "en-US": discord_csv("01/14/2024 9:05 PM", "01/14/2024 9:06 PM", "02/03/2024 9:40 AM", "02/03/2024 9:41 AM"),
    "names of months": discord_csv("14-Jan-24 09:05 PM", "14-Jan-24 09:06 PM", "03-Feb-24 09:40 AM", "03-Feb-24 09:41 AM"),
}
CHATS = {
    **{name: ("chat.txt", text) for name, text in WHATSAPP.items()},
    "telegram": ("result.json", TELEGRAM),
    "telegram, all chats": ("result.json", '{"about": "…", "chats": {"about": "", "list": [' + TELEGRAM + ', {"name": "Club", "messages": []}]}}'),
    "discord": ("channel.json", DISCORD),
    **{f"discord csv, {name}": ("channel.csv", text) for name, text in DISCORD_CSV.items()},
}

QUESTIONS = [("How late are you open?", "Until six; on Saturdays, until one."), ('Is "Wren" here?', "She is.")]
_CSV = 'id,Question,tags,Answer\n1,How late are you open?,time,"Until six; on Saturdays, until one."\n2,"Is ""Wren"" here?",,She is.\n'
TABLES = {
    "csv": ("faq.csv", _CSV),
    "csv, German office": ("faq.csv", 'Nr;Frage;Antwort\r\n1;How late are you open?;"Until six; on Saturdays, until one."\r\n2;"Is ""Wren"" here?";She is.\r\n'),
    "csv, Korean names": ("faq.csv", '질문,답변\nHow late are you open?,"Until six; on Saturdays, until one."\n"Is ""Wren"" here?",She is.\n'),
    "tsv with names": ("faq.tsv", 'prompt\tresponse\nHow late are you open?\tUntil six; on Saturdays, until one.\nIs "Wren" here?\tShe is.\n'),
    "tsv without": ("faq.txt", 'How late are you open?\tUntil six; on Saturdays, until one.\nIs "Wren" here?\tShe is.\n'),
    "tsv in quotes": ("faq.tsv", '"utterance"\t"reply"\n"How late are you open?"\t"Until six; on Saturdays, until one."\n"Is ""Wren"" here?"\t"She is."\n'),
    "tatoeba": ("eng-fra.tsv", 'How late are you open?\tUntil six; on Saturdays, until one.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (a) & #2 (b)\n'
                               'Is "Wren" here?\tShe is.\tCC-BY 2.0 (France) Attribution: tatoeba.org #3 (a) & #4 (b)\n'),
    "tatoeba with numbers": ("pairs.tsv", '11\tHow late are you open?\t12\tUntil six; on Saturdays, until one.\n13\tIs "Wren" here?\t14\tShe is.\n'),
    "jsonl": ("faq.jsonl", '{"input": "How late are you open?", "output": "Until six; on Saturdays, until one."}\n\n{"input": "Is \\"Wren\\" here?", "output": "She is."}\n'),
    "instructions": ("alpaca.json", '[{"instruction": "How late are you open?", "input": "", "output": "Until six; on Saturdays, until one."},\n'
                     ' {"instruction": "Is \\"Wren\\"", "input": "here?", "output": "She is."}]'),
    "instructions in a table": ("alpaca.csv", 'instruction,input,output\nHow late are you open?,,"Until six; on Saturdays, until one."\n"Is ""Wren""",here?,She is.\n'),
    "instructions with a context": ("dolly.jsonl", '{"instruction": "How late are you open?", "context": "", "response": "Until six; on Saturdays, until one.", "category": "x"}\n'
                                    '{"instruction": "Is \\"Wren\\"", "context": "here?", "response": "She is."}\n'),
    "a list of objects": ("faq.json", '[{"q": "How late are you open?", "a": "Until six; on Saturdays, until one.", "n": 1},\n {"q": "Is \\"Wren\\" here?", "a": "She is."}]'),
}  # fmt: skip
ROLES = {
    "messages": (
        "chats.jsonl",
        '{"messages": [{"role": "system", "content": "You are Wren."}, {"role": "user", "content": "How late are you open?"}, {"role": "assistant", "content": "Until six; on Saturdays, until one."}]}\n'
        '{"messages": [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": [{"type": "text", "text": "Is \\"Wren\\""}]}, {"role": "user", "content": "here?"}, {"role": "assistant", "content": "She is."}, {"role": "user", "content": "Ah."}]}\n',
    ),
    "conversations": (
        "chats.json",
        '[{"id": "a", "conversations": [{"from": "human", "value": "How late are you open?"}, {"from": "gpt", "value": "Until six; on Saturdays, until one."}]},\n'
        '{"id": "b", "conversations": [{"from": "human", "value": "Is \\"Wren\\" here?"}, {"from": "gpt", "value": "She is."}]}]',
    ),
}
