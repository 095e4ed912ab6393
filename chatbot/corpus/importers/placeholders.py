"""What WhatsApp writes itself in a chat, in the languages of its exports: what stands for a picture, a deleted message or a call, and notices.

An iPhone begins such a text with the mark U+200E, so there it is known in any language.
"""

import re
from functools import lru_cache

from chatbot.corpus.importers.chat import DELETED, UNSAID
from chatbot.safe_text import UNSEEN

_MARKS = re.compile(f"[{UNSEEN}]")

# In place of what was sent. Compared without marks, angle brackets, case and a full stop at the end.
_MEDIA = """
media omitted|image omitted|video omitted|video note omitted|audio omitted|gif omitted|sticker omitted|document omitted|contact card omitted|null
medien ausgeschlossen|medien weggelassen|bild weggelassen|video weggelassen|videonachricht weggelassen|audio weggelassen|gif weggelassen
sticker weggelassen|dokument weggelassen|kontaktkarte ausgelassen|kontaktkarte weggelassen
médias omis|fichier omis|image absente|vidéo absente|audio omis|audio absent|gif retiré|gif absent|sticker omis|sticker absent|document manquant
document absent|fiche contact manquante|fiche contact absente
multimedia omitido|archivo omitido|imagen omitida|video omitido|audio omitido|gif omitido|sticker omitido|documento omitido|tarjeta de contacto omitida
mídia oculta|mídia omitida|arquivo de mídia oculto|imagem ocultada|imagem oculta|imagem não revelada|vídeo omitido|vídeo oculto|vídeo não revelado
áudio ocultado|áudio oculto|gif omitida|gif não revelada|figurinha omitida|sticker não revelado|documento ocultado|documento não revelado
cartão do contato omitido|contacto não revelado|ficheiro não revelado|ficheiro de áudio não revelado
media omessi|media omesso|immagine omessa|video omesso|audio omesso|gif esclusa|gif omesso|gif omessa|sticker non incluso|sticker omesso
documento omesso|scheda contatto omessa
미디어 파일 제외됨|미디어 파일을 생략한 대화내용|이미지 생략됨|이미지 생략|동영상 생략됨|동영상 생략|오디오 생략됨|오디오 생략|gif 생략됨|gif 생략|스티커 생략됨|스티커 생략
문서 생략됨|문서 생략|연락처 카드 생략됨|연락처 카드 생략
メディアなし|メディアは含まれていません|画像は省略されました|画像が省略されました|動画は省略されました|動画が省略されました|音声は省略されました|音声が省略されました|音声メッセージは省略されました
gifは省略されました|gifが省略されました|スタンプは省略されました|ステッカーは省略されました|文書は省略されました|書類は省略されました|連絡先カードは省略されました
تم استبعاد الوسائط|تم استبعاد الوسائط|الصورة غير مشمولة|لم يتم إدراج الصورة|الفيديو غير مشمول|لم يتم إدراج الفيديوهات|لم يتم إدراج المقاطع الصوتية|لم يتم إدراج صورة gif
تم حذف الملصقات|لم يتم إدراج المستند|لم يتم إدراج بطاقة جهة اتصال
"""
_DELETED = """
this message was deleted|you deleted this message|this message was deleted by admin|diese nachricht wurde gelöscht|du hast diese nachricht gelöscht
ce message a été supprimé|vous avez supprimé ce message|este mensaje fue eliminado|eliminaste este mensaje|se eliminó este mensaje
mensagem apagada|esta mensagem foi apagada|você apagou esta mensagem|apagou esta mensagem|questo messaggio è stato eliminato|hai eliminato questo messaggio
이 메시지는 삭제되었습니다|삭제된 메시지입니다|이 메시지를 삭제했습니다|このメッセージは削除されました|このメッセージを削除しました|このメッセージを削除しました|تم حذف هذه الرسالة|لقد حذفت هذه الرسالة|حذفت هذه الرسالة
"""
_CALLS = """
missed voice call|missed video call|missed group voice call|missed group video call|voice call|video call
verpasster sprachanruf|verpasster videoanruf|sprachanruf|videoanruf|appel vocal manqué|appel vidéo manqué|appel vocal|appel vidéo
llamada perdida|llamada de voz perdida|videollamada perdida|llamada de voz|videollamada|ligação de voz perdida|ligação de vídeo perdida
chamada de voz perdida|chamada de vídeo perdida|ligação de voz|chamada de voz|chamada de vídeo|chiamata vocale persa|videochiamata persa
chiamata persa|chiamata vocale|videochiamata|부재중 음성 통화|부재중 영상 통화|음성 통화|영상 통화|不在着信|音声通話に不在着信|ビデオ通話に不在着信|音声通話|ビデオ通話
مكالمة صوتية فائتة|مكالمة فيديو فائتة|مكالمة صوتية لم يرد عليها|مكالمة فيديو لم يرد عليها|مكالمة صوتية|مكالمة فيديو
"""
# Behind a call, beside how long it took.
_ENDS = """
no answer|tap to call back|keine antwort|pas de réponse|sans réponse|sin respuesta|sem resposta|nessuna risposta|응답 없음|応答なし|لم يتم الرد
"""
_DURATION = re.compile(r"\d+(?:[:.]\d\d)+|(?:\d+\s?[^\W\d]{1,8}\.?\s?)+")
# Anywhere in what looks like a name before a colon, or at the start of what somebody seems to say: a notice of the program.
_NOTICE = re.compile(
    "end-to-end encrypted|ende-zu-ende-verschlüsselt|chiffrés de bout en bout|cifrados de extremo a extremo|criptografadas de ponta a ponta"
    "|protegidas com a criptografia de ponta a ponta|encriptadas ponto a ponto|crittografati end-to-end|종단간 암호화|종단 간 암호화|エンドツーエンド|مشفرة تمام"
    "|changed (?:the|this|their|your|to) |created (?:the )?group|security code|hat den (?:betreff|gruppennamen)|hat die gruppe|sicherheitsnummer|sicherheitscode"
    "|a changé |a modifié |a créé le groupe|cambió |creó el grupo|mudou |criou (?:o )?grupo|alterou |ha cambiato |ha creato il gruppo|님이 그룹|님이 이 그룹|그룹 이름을"
    "|がグループ|グループ名を|غيّر|غير .*اسم المجموعة|أنشأ",
    re.IGNORECASE,
)  # fmt: skip
_ENCRYPTED = ("end-to-end", "ende-zu-ende", "bout en bout", "extremo a extremo", "ponta a ponta", "ponto a ponto", "암호화", "暗号", "مشفرة")
_EDITED = re.compile(
    r"<(?:this message was edited|diese nachricht wurde bearbeitet|ce message a été modifié|(?:se editó este mensaje|este mensaje fue editado)"
    r"|(?:mensagem editada|esta mensagem foi editada)|questo messaggio è stato modificato|이 메시지는 수정되었습니다|편집된 메시지|このメッセージは編集(?:済みです|されました)"
    r"|تم تعديل هذه الرسالة)\.?>$",
    re.IGNORECASE,
)
_ATTACHED = re.compile(  # the whole first line of a message
    r"(?:IMG|VID|AUD|PTT|STK|DOC)-\d{8}-WA\d+\.\w+(?: \([^()]+\))?|.{1,200}\.\w{2,5} \((?:file attached|datei angehängt|fichier joint|archivo adjunto"
    r"|arquivo anexado|ficheiro anexado|file allegato|파일 첨부됨|파일 첨부|添付ファイル|ファイル添付|الملف مرفق|ملف مرفق)\)",
    re.IGNORECASE,
)
_LOCATION = re.compile(
    r"(?:(?:live )?location|(?:live-)?standort|localisation|ubicaci[oó]n|localiza[cç][aã]o|posizione|위치|位置情報|الموقع)\W{1,3}https?://\S+$", re.IGNORECASE
)
_POLL = re.compile(r"(?:poll|umfrage|sondage|encuesta|enquete|sondaggio|투표|アンケート|投票|استطلاع(?: رأي)?):?\s*\n", re.IGNORECASE)
_FILE_NAME = re.compile(
    r"[^\n]{1,200}\.(?:jpe?g|png|gif|webp|heic|svg|mp[34]|m4a|3gp|mov|avi|mkv|webm|opus|ogg|aac|amr|wav|flac|pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|csv|json|html?"
    r"|epub|zip|rar|7z|vcf|ics|apk)",
    re.IGNORECASE,
)


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase for line in text.strip().splitlines() for phrase in line.split("|"))


_MEDIA_PHRASES, _DELETED_PHRASES, _CALL_PHRASES, _END_PHRASES = map(_phrases, (_MEDIA, _DELETED, _CALLS, _ENDS))


def unmarked(text: str) -> str:
    """`text` without the marks that nobody sees, such as those that tell a screen which way to write."""
    return _MARKS.sub("", text)


@lru_cache(4096)
def is_notice(name: str) -> bool:
    """Whether what looks like a name is the beginning of a notice, such as of a new name of the group."""
    opened = sum(map(name.count, "“„«「"))
    closed = sum(map(name.count, "”»」")) + (2 * name.count("“") if "„" in name else 0)
    return bool(_NOTICE.search(name)) or name.count('"') % 2 == 1 or opened > closed  # the colon stood in a quotation


def said(body: str, *, marked: bool) -> tuple[str, str]:
    """What a person said in a message, and if nothing, why it is left out. `marked`: texts of the program begin with U+200E."""
    if marked and body.startswith("\u200e"):
        return "", UNSAID
    if marked:
        body = re.sub("\u200e<[^<>\n]*>", "", body)  # <attached: …>, <This message was edited>
        caption, mark, end = body.rpartition("\u200e")
        if mark and "•" not in caption and _plain(end) in _MEDIA_PHRASES:  # the bullet is part of the name of a document
            body = caption
    body = _EDITED.sub("", unmarked(body).strip()).strip()
    first, _, rest = body.partition("\n")
    rest = rest.strip()
    plain = _plain(first)
    if plain in _MEDIA_PHRASES or re.fullmatch(r"<[^<>]{3,60}>", first.strip()) or _ATTACHED.fullmatch(first.strip()):
        return "" if _FILE_NAME.fullmatch(rest) else rest, UNSAID  # a caption is what was said
    if not rest and "•" in plain and any(plain.endswith(phrase) for phrase in _MEDIA_PHRASES):
        return "", UNSAID
    if plain in _DELETED_PHRASES and not rest:
        return "", DELETED
    if (_is_call(plain) and not rest) or _LOCATION.match(body) or _POLL.match(body) or _starts_as_notice(plain):
        return "", UNSAID
    return body, "empty messages"


def _plain(line: str) -> str:
    """A line as phrases are compared."""
    return line.strip("<> ").rstrip(".").casefold()


def _is_call(plain: str) -> bool:
    """Whether it is a call, and behind it nothing but how long it took or how it ended."""
    call, *ends = (part.strip() for part in re.split("[,،、]|[.] ", plain))
    return call in _CALL_PHRASES and all(end in _END_PHRASES or _DURATION.fullmatch(end) for end in ends)


def _starts_as_notice(plain: str) -> bool:
    """The notice of encryption, which some exports put into the mouth of the other side."""
    return any(word in plain for word in _ENCRYPTED) and bool(_NOTICE.search(plain[:160]))
