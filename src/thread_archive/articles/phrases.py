"""What forums, consent managers and paywalls write on their pages: words in several languages, and their markup."""

import re


def _any_of(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


FORUM_GENERATOR = _any_of(
    r"\b(?:lemmy|piefed|mbin|kbin|discourse|phpbb|vbulletin|xenforo|mybb|smf|simple machines|nodebb|flarum)\b",
    r"\binvision community\b",
)
# Selectors of CSS: Lemmy, phpBB, XenForo, Invision, Hacker News, Reddit (old, new), vBulletin, Discourse, Flarum, Mbin.
FORUM_MARKUP = ", ".join(
    (
        "article.comment-node",
        "ul.comments > li.comment .comment-node",
        "body#phpbb",
        "html#XF",
        "body#ipsLayout_body",
        "table.comment-tree tr.comtr",
        "body.comments-page .commentarea",
        "shreddit-post",
        "#vbulletin_html",
        "meta[name='discourse/config/environment']",
        "#flarum-loading",
        "blockquote.entry-comment",
    )
)

CONSENT_HOST = _any_of(
    r"(?:^|\.)(?:consent|zustimmung|cmp|privacy-?wall|cookiewall|myprivacy|guce)\.",
    r"\.privacy-mgmt\.com$",
    r"(?:^|\.)consensu\.org$",
)
CONSENT_MARKUP = _any_of(
    "onetrust|cookiebot|didomi|usercentrics|sourcepoint|sp_message|privacy-mgmt|quantcast|trustarc",
    "consentmanager|iubenda|fundingchoices|cookielaw|cookie-?consent|consent-?(?:page|form|wall|banner)|cmpbox",
)
# What is pressed to agree.
CONSENT_YES = _any_of(
    r"accept (?:all|cookies)|agree and (?:continue|close)|\bi agree\b",
    "alle akzeptieren|zustimmen und|akzeptieren und weiter|einverstanden",
    "tout accepter|accepter et|aceptar (?:todo|y)|accetta (?:tutto|e)|alles accepteren",
    "принять все|согласиться|全部接受|接受所有",
)
# Each is something that pages which ask for consent speak of; articles on the subject rarely in so few words.
CONSENT_TOPICS = (
    CONSENT_YES,
    _any_of(
        "reject all|manage (?:my )?(?:choices|preferences|settings|options)|alle ablehnen|einstellungen verwalten",
        "tout refuser|paramétrer|rechazar|configurar|rifiuta|voorkeuren|отклонить|настроить|全部拒绝|管理选项",
    ),
    _any_of(
        "store and/or access information|access information on (?:a|your) device",
        "informationen auf (?:einem|ihrem) gerät|informations? sur (?:un|votre) (?:terminal|appareil)",
        "información en (?:un|su) dispositivo|informazioni su",
    ),
    _any_of(r"\b(?:partners?|vendors?|partnern?|drittanbieter|partenaires|socios|fornitori)\b|партн[её]р|合作伙伴"),
    _any_of(r"\bcookies?\b|файлы cookie"),
    _any_of("personali[sz]ed|personalisierte|personnalis|personalizad|personalizzat|персонализ|个性化"),
    _any_of("legitimate interest|berechtigte[sn]? interesse|intérêt légitime|interés legítimo"),
)

PAYWALL = _any_of(
    r"subscribe to (?:continue|keep|read)|(?:this|full) (?:article|story) is (?:for|only)|already a subscriber",
    "(?:jetzt|zum) (?:weiterlesen|abonnieren)|weiterlesen mit|nur für abonnent",
    r"réservé aux abonnés|abonnez-vous pour|il vous reste \d+\s?% de cet article",
    "exclusivo para suscriptores|suscríbete para|solo per abbonati|только для подписчиков|仅限订阅|订阅后",
)
PAYWALL_MARKUP = _any_of(
    "paywall|subscri(?:ber|ption)-?(?:wall|only|required|gate)|regwall|piano-(?:offer|inline)",
    "metered-?(?:content|wall)|premium-?(?:wall|gate|barrier)",
)

# What servers say in few words where the article should be (an error, a check, a login), in the title or a heading …
MESSAGE_HEADING = _any_of(
    r"\b[45]\d\d\b|\berror\b|not found|forbidden|denied|unauthori[sz]ed|unavailable|went wrong|oops|just a moment",
    r"attention required|are you (?:a )?(?:human|robot)|security check|captcha|maintenance|coming soon|be right back",
    r"(?:log|sign)[ -]?(?:in|on|up)\b|\bregister\b|members only|suspended|for sale|java ?script|one more step|blocked",
    "nicht gefunden|fehler|verweigert|anmelden|wartung|introuvable|erreur|connexion|accès refusé|no encontrad|denegado",
    "iniciar? sesión|não encontrad|non trovat|accedi|niet gevonden|inloggen|не найден|ошибка|доступ|вход",
    "登录|找不到|不存在|错误|ログイン|見つかりません|エラー|غير موجود|تسجيل الدخول",
)
# … and in its text.
MESSAGE = _any_of(
    r"\bpage (?:that )?(?:you|isn|is n|could|can|has been|was|does|no longer)",
    r"\byou(?:['’]re| are| were)? (?:looking for|request)",
    r"\byour (?:browser|request|account|session|connection|subscription|ip\b)|not authori[sz]ed",
    "(?:please|must|need to|have to|to continue,?) (?:be logged|log|sign|register|subscribe|enable|turn on|try|verify)",
    "try again|(?:log|sign) in (?:to|or|with|here|below)|forgot (?:your )?password|create an account",
    "back to (?:the )?home|permission to (?:access|view)|unusual traffic",
    r"(?:enable|requires?|without|turn on|need|activez|aktivieren|activa|attiva).{0,40}java ?script",
    "java ?script.{0,40}(?:enable|dis|requ|akt|act|att)|ddos|captcha|under (?:maintenance|construction)",
    r"an error (?:has )?occurred|internal (?:server )?error|seite (?:wurde|ist|konnte|existiert|gibt).{0,20}nicht",
    r"bitte (?:melden|loggen|aktivieren|versuchen)|page (?:que vous|demandée)|n['’]existe (?:pas|plus)|connectez-vous",
    "página (?:que|solicitada|no)|inicia sesión|pagina (?:che|richiesta|non)|accedi per",
    "страниц.{0,30}(?:не |удален)|войдите|авторизу|页面|请登录|请稍后|ページ|ログイン|الصفحة",
)
