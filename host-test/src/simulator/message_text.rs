//! What people write to each other: HTML of a realistic length, and the plain text of it.

use super::generate::Dice;

/// Sentences, as HTML. Together they have everything that JSON and HTML escape.
const SENTENCES: &[&str] = &[
    "Thanks for getting in touch, I am happy to look into this for you today.",
    "I tried what you said, and the export still stops after the first page of results.",
    "Could you send us the exact message that you see, and the time when it appeared?",
    "The invoice of last month shows 12 seats although we only ever had 10 &amp; never asked for more.",
    "It works in Firefox, but in Safari the \"Save\" button stays grey whatever I do.",
    "Our workspace is in the EU region; does that change anything for the import?",
    "Das hat leider nicht geholfen – die Übersicht lädt weiterhin nicht.",
    "I have passed this on to our engineers, who will answer here as soon as they know more.",
    "Gracias por la ayuda, mañana lo probamos con el equipo y te contamos.",
    "Here is the path that the importer prints: C:\\data\\2025\\contacts.csv.",
    "ありがとうございます。もう一度試してみます。",
    "That did the trick 🎉 thank you so much for the quick reply!",
    "You can change it under <a href=\"https://app.example.com/settings?tab=team&amp;view=all\">Settings</a>, in the second section.",
    "Is there a way to do this for all of our customers at once, not one by one?",
    "Please note that values &lt; 5 are rounded up, which the documentation does not say yet.",
    "We will be migrating on Friday evening, so an answer before then would help a lot.",
];

/// Short texts: titles and subjects.
pub(crate) const SUBJECTS: &[&str] = &[
    "Export stops after the first page",
    "Question about our invoice",
    "Einladung kommt nicht an",
    "How do I add a teammate?",
    "Import: \"unknown column\"",
    "料金プランについて",
    "Feature request – dark mode 🌙",
];

/// Between `least` and twice as many sentences, in paragraphs.
pub(crate) fn html(dice: Dice, question: u64, least: u64) -> String {
    let count = least + dice.roll(question, least + 1);
    let mut html = String::with_capacity(count as usize * 96);
    for index in 0..count {
        let starts = index % 3 == 0;
        if starts {
            html.push_str(if index == 0 { "<p>" } else { "</p>\n<p>" });
        } else {
            html.push(' ');
        }
        html.push_str(dice.pick(question + 1 + index, SENTENCES));
    }
    html.push_str("</p>");
    html
}

/// What somebody wrote, as HTML: plain text becomes a paragraph, and HTML keeps what belongs into a message.
pub(crate) fn html_of(text: &str) -> String {
    let text = text.trim();
    if !(text.contains('<') && text.contains('>')) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let text = text.replace('>', "&gt;").replace('\n', "<br>\n");
        return format!("<p>{text}</p>");
    }
    let mut kept = text.to_owned();
    for tag in ["script", "style"] {
        while let Some(start) = kept.find(&format!("<{tag}")) {
            let end = format!("</{tag}>");
            let found = kept[start..].find(&end);
            let end = found.map_or(kept.len(), |found| start + found + end.len());
            kept.replace_range(start..end, "");
        }
    }
    for tag in [
        "<html>", "</html>", "<head>", "</head>", "<body>", "</body>",
    ] {
        kept = kept.replace(tag, "");
    }
    let lines = kept.lines().map(str::trim).filter(|line| !line.is_empty());
    let kept = lines.collect::<Vec<_>>().join("\n");
    if kept.starts_with('<') {
        kept
    } else {
        format!("<p>{kept}</p>")
    }
}

/// HTML as plain text: tags are gone, paragraphs are lines.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text.push_str(before);
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        rest = &tag[end + 1..];
        if tag.starts_with("<br") {
            text.push('\n');
        }
    }
    text.push_str(rest);
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text, |text, (entity, character)| {
        text.replace(entity, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_becomes_html() {
        assert_eq!(html_of("Hello"), "<p>Hello</p>");
        assert_eq!(html_of("a & b\nc"), "<p>a &amp; b<br>\nc</p>");
        assert_eq!(
            html_of("<html> <body>\n  <h2>List</h2>  \n <script>x()</script></body> </html>"),
            "<h2>List</h2>"
        );
        assert_eq!(html_of("<p>as it is</p>"), "<p>as it is</p>");
        assert_eq!(html_of("so <b>bold</b>"), "<p>so <b>bold</b></p>");
    }

    #[test]
    fn plain_text_has_neither_tags_nor_entities() {
        assert_eq!(
            plain("<p>a &amp;lt; <b>b</b><br/>c</p>\n<p>d < e"),
            "a &lt; b\nc\nd < e"
        );
        assert_eq!(plain(""), "");
    }

    #[test]
    fn a_text_has_a_realistic_length() {
        let length: usize = (0..500)
            .map(|number| html(Dice::new(1, 2, number), 9, 4).len())
            .sum();
        assert!((350..650).contains(&(length / 500)), "{}", length / 500);
    }
}
