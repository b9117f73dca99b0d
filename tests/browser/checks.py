"""What is asked of a page in a browser. A check gives what is wrong, or nothing."""

from platform_at_work import HOSTILE, LONG

# The contrast that WCAG 2.2 asks of text (AA).
CONTRAST = 4.5


def text(page):
    return page.look("document.body.innerText")


def missing(page, parts):
    shown = text(page).lower()
    lacking = [part for part in parts if part.lower() not in shown]
    return f"{lacking} not in what is shown" if lacking else None


def fits(page):
    """nothing is wider than the page"""
    wide = page.look(
        """(() => {
            const width = document.documentElement.clientWidth;
            const far = [...document.body.querySelectorAll("*")].filter(e => {
                const box = e.getBoundingClientRect();
                return box.width && getComputedStyle(e).position !== "absolute" && !e.closest("thead") &&
                    (box.right > width + 0.5 || box.left < -0.5);
            });
            const scrolls = document.documentElement.scrollWidth > width;
            return scrolls || far.length ? far.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).concat(scrolls) : null;
        })()"""
    )
    return f"{wide} is wider" if wide else None


def no_errors(page):
    """the browser complains about nothing, and asks for nothing but the page"""
    said = [entry["entry"]["text"] for entry in page.told("Log.entryAdded")]
    said += [str(thrown) for thrown in page.told("Runtime.exceptionThrown")]
    asked = [sent["request"]["url"] for sent in page.told("Network.requestWillBeSent")]
    if said or len(asked) != 1:
        return f"it says {said} and asks for {asked}"
    return None


def readable(page):
    """every text has the contrast and the size that it needs to be read"""
    bad = page.look(
        """(() => {
            const parse = c => c.match(/[\\d.]+/g).map(Number);
            const light = c => parse(c).slice(0, 3).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = e => {
                for (; e; e = e.parentElement) {
                    const c = getComputedStyle(e).backgroundColor;
                    if (parse(c)[3] !== 0) return c;
                }
                return "rgb(255, 255, 255)";
            };
            const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
            const checked = [...document.body.querySelectorAll("*")].filter(e => own(e) && e.getClientRects().length);
            return checked.map(e => {
                const style = getComputedStyle(e);
                const [a, b] = [light(style.color), light(behind(e))];
                const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                return [e.innerText || e.textContent, contrast, parseFloat(style.fontSize)];
            }).filter(([, contrast, size]) => !(contrast >= CONTRAST && size >= 11.9)).slice(0, 3);
        })()""".replace("CONTRAST", str(CONTRAST))
    )
    return f"{bad} cannot be read" if bad else None


def structure(page):
    """one main heading, sections under headings, and tables that say what their cells are"""
    found = page.look(
        """({
            h1: document.querySelectorAll("h1").length,
            main: document.querySelectorAll("main").length,
            bare: [...document.querySelectorAll("section")].filter(s => !s.querySelector("h2")).length,
            loose: document.querySelectorAll("thead th:not([scope=col]), tbody tr > :first-child:not(th[scope=row])").length,
            lang: document.documentElement.lang,
        })"""
    )
    wanted = {"h1": 1, "main": 1, "bare": 0, "loose": 0, "lang": "en"}
    return None if found == wanted else f"{found}, not {wanted}"


def spoken(page):
    """a screen reader hears tables as tables, at every width, and charts as sentences"""
    counts, names = page.roles()
    tables = page.look("document.querySelectorAll('table').length")
    rows = page.look("document.querySelectorAll('tr').length")
    charts = page.look("document.querySelectorAll('svg').length")
    heard = counts.get("table", 0), counts.get("row", 0), counts.get("image", 0)
    if heard != (tables, rows, charts):
        return f"{heard} tables, rows and pictures are heard of {(tables, rows, charts)}"
    mute = [name for name in names.get("image", []) if "in the last hour" not in name]
    return f"a chart says {mute}" if mute or counts.get("graphics-symbol") else None


def charted(page):
    """charts have bars, a scale that holds the highest, and times"""
    found = page.look(
        """[...document.querySelectorAll(".plot")].map(plot => {
            const svg = plot.querySelector("svg").getBoundingClientRect();
            const bars = [...plot.querySelectorAll("rect")];
            const inside = bars.every(bar => {
                const box = bar.getBoundingClientRect();
                return box.top >= svg.top - 1 && box.bottom <= svg.bottom + 1;
            });
            const scale = [...plot.querySelectorAll(".scale span")].map(s => Number(s.innerText.replaceAll(",", "")));
            return [bars.length, inside, scale[0] === 2 * scale[1] && scale[2] === 0, svg.height > 80 && svg.width > 150,
                    plot.querySelector(".times").innerText.includes("now")];
        })"""
    )
    return None if found == [[60, True, True, True, True]] * 2 else f"the charts are {found}"


def unharmed(page):
    """a hostile name is a text like any other"""
    if page.look("document.title") == "owned" or page.look("document.querySelector('script, b')"):
        return "it became markup"
    return missing(page, [HOSTILE])


def everything(page):
    """connections, streams, last sync, lag, throughput, failures and versions are there"""
    names = ["acme", "refused", "partly", LONG, "paused", "slow"]
    states = ["up to date", "failing", "partly failing", "paused", "syncing", "2 of 6 connections need attention"]
    words = [" ago", "in 2", "failures by minute", "5 in the last hour", "3 of 5, 2 failing", "3 complete"]
    words += ["Intercom refuses the access token", "Read conversations", "intercom 0.1.0", "host 0.1.0", "active", "conversation_parts"]
    return missing(page, names + states + words)


def in_order(page):
    """what needs attention comes first"""
    names = page.look("[...document.querySelector('table').tBodies[0].rows].map(r => r.cells[0].querySelector('a').innerText)")
    wanted = ["partly", "refused", "acme", "paused", "slow", LONG]
    return None if names == wanted else f"{names}, not {wanted}"


def sparks(page):
    """a connection that read something has a small chart of it"""
    drawn = page.look("[...document.querySelectorAll('.spark path')].map(p => p.getAttribute('d') !== '')")
    return None if drawn == [True, False, True, True, False, True] else f"{drawn}"


def streams(page):
    """every stream of a connection with its state, how old it is, and what it has"""
    rows = page.look("[...document.querySelector('table').tBodies[0].rows].map(r => [...r.cells].map(c => c.innerText))")
    if len(rows) != 42:
        return f"{len(rows)} streams"
    broken = [row for row in rows if "ago" not in row[2] or not any(word in row[1] for word in ["complete", "not in", "only"])]
    return f"{broken}" if broken else missing(page, ["webhooks", "accepted", "12", "runs", "as of", "tenant Acme", "workspace simulator"])


def explained(page):
    """a connection that fails says why before anything else"""
    first = page.look("document.querySelector('main').firstElementChild.innerText")
    return None if "Intercom refuses the access token" in first else f"it says {first}"


def welcome(page):
    """a platform without connections says what to do"""
    return missing(page, ["There is no connection yet", "POST /connections", "0 in the last hour", "None is remembered"])


def keeps_its_place(page):
    """a page that refreshes itself stays where somebody scrolled to"""
    page.open(page.look("location.href").split("?")[0] + "?refresh=1")
    page.look("scrollTo(0, 300)")
    before = page.look("performance.timeOrigin")
    page.browser.events.clear()
    page.browser.event(page.session, "Page.loadEventFired")
    after, place = page.look("performance.timeOrigin"), page.look("scrollY")
    return None if after != before and place == 300 else f"it is at {place} after {after - before} ms"


CHECKS = {
    "any": [fits, no_errors, readable, structure, spoken, charted],
    "all": [unharmed, everything, in_order, sparks, keeps_its_place],
    "one": [streams],
    "refused": [unharmed, explained],
    "empty": [welcome],
}
