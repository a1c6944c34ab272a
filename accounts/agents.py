"""What a browser sends about itself, in words that people know."""

# In this order: many browsers also name those they want to be taken for.
BROWSERS = {
    "MicroMessenger": "WeChat", "QQBrowser": "QQ", "Edg": "Edge", "OPR/": "Opera", "Firefox": "Firefox",
    "FxiOS": "Firefox", "Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def known_as(agent: str) -> str:
    """'Edge · Windows'; what nobody knows is told as it is."""
    names = [next((name for mark, name in known.items() if mark in agent), "") for known in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, names)) or agent
