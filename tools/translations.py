"""Collects, updates and compiles the catalogues in translations/. The msgids are English; English needs no catalogue.

python -m tools.translations update     strings of code and templates → translations/*/LC_MESSAGES/messages.po
python -m tools.translations compile    messages.po → messages.mo
python -m tools.translations fill zh_Hans FILE.po …   empty places take what the files say; the rest stays
python -m tools.translations derive     empty places of zh_Hant take zh_Hans in Traditional characters; read them again
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
LOCALES = ("zh_Hans", "zh_Hant")
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "_n": (1, 2), "lazy_gettext": None, "lazy_ngettext": (1, 2)}
# What a call centre in Taiwan says where OpenCC's general words do not fit; longer words first.
TAIWAN = (
    ("併發布", "並發布"),
    ("釋出", "發布"),
    ("班組程式碼", "小組代碼"),
    ("程式碼", "代碼"),
    ("前臺督導", "客服主管"),
    ("督導", "主管"),
    ("全班組", "全組"),
    ("班組", "小組"),
    ("職場", "據點"),
    ("培訓管理", "訓練管理"),
    ("培訓", "訓練"),
    ("申報", "提報"),
    ("課時", "單元"),
    ("當前瀏覽器", "目前的瀏覽器"),
    ("當前", "目前"),
    ("許可權", "權限"),
    ("令牌", "權杖"),
    ("應收賬款", "應收帳款"),
    ("賬", "帳"),
    ("型別", "類型"),
    ("文本", "文字"),
    ("列表", "清單"),
    ("評審人", "審核人"),
    ("評審", "審核"),
    ("響應", "回應"),
    ("匹配", "相符"),
    ("身份", "身分"),
    ("快捷鍵", "快速鍵"),
    ("退出登入", "登出"),
    ("下劃線", "底線"),
    ("連字元", "連字號"),
    ("電子郵箱", "電子郵件"),
    ("重置", "重設"),
    ("採納", "採用"),
    ("按時", "準時"),
    ("已超時", "已逾期"),
    ("超時", "逾期"),
    ("時限", "期限"),
    ("外呼", "外撥"),
    ("服務水平", "服務水準"),
    ("投訴", "客訴"),
    ("下線", "下架"),
    ("崗位", "職務"),
    ("環節", "關卡"),
    ("正文", "內文"),
    ("業務通告", "業務公告"),
    ("通告", "公告"),
    ("對比", "比較"),
    ("維度", "構面"),
    ("季度", "季"),
    ("生成", "產生"),
    ("創建於", "建立於"),
    ("演示", "示範"),
    ("關鍵詞", "關鍵字"),
    ("系數", "係數"),
    ("時長", "時間"),
    ("通話中已用", "通話中已使用"),
    ("一條話術", "一則話術"),
    ("這條話術", "這則話術"),
    ("這條提報", "這筆提報"),
    ("下一條", "下一則"),
    ("上一條", "上一則"),
    ("寫一條", "寫一則"),
    ("s 條", "s 筆"),
    ("暫無", "尚無"),
    ("臺", "台"),
    ("“", "「"),
    ("”", "」"),
    ("‘", "『"),
    ("’", "』"),
)
SKIP = {".venv", "var", "node_modules", "tests", "tools", "static", "dist"}


def po_path(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"


def extract() -> Catalog:
    """Every string that a person can meet, with the files it comes from."""
    with (ROOT / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    found = Catalog(project="Spiral", charset="utf-8", fuzzy=False)

    def wanted(folder: str | os.PathLike[str]) -> bool:
        name = Path(folder).name
        return name not in SKIP and not name.startswith(".")

    messages = extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",), directory_filter=wanted
    )
    for file, _line, message, comments, context in messages:
        found.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return found


def read(locale: str) -> Catalog:
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale, project="Spiral", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update() -> None:
    """Each catalogue has exactly the strings in use; what was translated stays, and nothing is guessed."""
    found = extract()
    for locale in LOCALES:
        catalog = read(locale)
        catalog.update(found, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(locale, catalog)


def write(locale: str, catalog: Catalog) -> None:
    text = io.BytesIO()
    # without the header's dates two people's updates do not collide
    write_po(text, catalog, width=116, sort_output=True, omit_header=True, ignore_obsolete=True)
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (
        f'msgid ""\nmsgstr ""\n"Language: {locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    )
    path.write_text(head + text.getvalue().decode().lstrip("\n"), encoding="utf-8")
    missing = sum(1 for message in catalog if empty(message))
    print(f"{locale}: {len(catalog)} strings, {missing} to translate")


def empty(message: Message) -> bool:
    """A string nobody translated yet."""
    return bool(message.id) and not any([message.string] if isinstance(message.string, str) else message.string or ())


def fill(locale: str, *files: str) -> None:
    """Places that were empty hold what the files say; what was translated stays."""
    catalog = read(locale)
    for file in files:
        with Path(file).open("rb") as source:
            for message in read_po(source, locale=locale):
                mine = catalog.get(message.id, message.context) if message.id else None
                if mine and empty(mine) and not empty(message):
                    string = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
                    mine.string = (string,) if mine.pluralizable else string
    write(locale, catalog)


def derive() -> None:
    """Places of zh_Hant that were empty hold the Simplified text in Taiwan's characters, words and quotation marks."""
    import opencc

    characters = opencc.OpenCC("s2twp").convert

    def convert(text: str) -> str:
        text = characters(text)
        for there, here in TAIWAN:
            text = text.replace(there, here)
        return text

    catalog, source = read("zh_Hant"), read("zh_Hans")
    for message in catalog:
        there = source.get(message.id, message.context) if message.id else None
        if there and there.string and empty(message) and not empty(there):
            strings = there.string
            message.string = convert(strings) if isinstance(strings, str) else tuple(map(convert, strings))
    write("zh_Hant", catalog)


def compile_all() -> None:
    """Every messages.po has its messages.mo, put in place whole."""
    for path in FOLDER.glob("*/LC_MESSAGES/messages.po"):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parent.parent.name)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            write_mo(part, catalog)
        Path(part.name).chmod(0o644)
        Path(part.name).replace(path.with_suffix(".mo"))


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    verbs: dict[str, Callable[..., None]] = {"update": update, "compile": compile_all, "fill": fill, "derive": derive}
    verbs[verb](*words)
