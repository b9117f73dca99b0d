//! The metadata of an event: ten flat values, links and amounts of money at most.

use super::validate::{LATEST_SECOND, in_seconds};
use super::values::written;
use crate::contract::types::Problem;
use crate::failure::problem;
use crate::json::{self, Member, Members, Object};
use crate::prelude::*;

/// Intercom keeps the first ten, in silence.
const MOST_KEYS: usize = 10;

/// Currencies without a smaller unit.
const ZERO_DECIMAL: &[&str] = &[
    "bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd",
    "vuv", "xaf", "xof", "xpf",
];

/// The metadata in the form in which it is sent.
pub fn canonical(path: &str, json: &str, problems: &mut Vec<Problem>) -> String {
    let object: Object = json::parse(json.as_bytes()).unwrap_or_default();
    if object.0.len() > MOST_KEYS {
        problems.push(Problem {
            found: Some(object.0.len().to_string()),
            expected: Some(MOST_KEYS.to_string()),
            ..problem(
                path,
                "too_many_keys",
                format!("{} keys; an event keeps {MOST_KEYS}", object.0.len()),
            )
        });
    }
    let mut members = Members::default();
    for (name, value) in &object.0 {
        let place = format!("{path}.{name}");
        match one(name, value) {
            Ok(json) => {
                members.json(name, &json);
            }
            Err((code, message)) => problems.push(problem(place, code, message)),
        }
    }
    members.object()
}

type Wrong = (&'static str, String);

fn one(name: &str, value: &Member) -> Result<String, Wrong> {
    match value {
        Member::List(_) => Err(("type", "an event's metadata holds single values".to_owned())),
        Member::Object(json) => special(json),
        Member::Number(digits) if name.ends_with("_date") => match digits.parse::<i64>() {
            Ok(fine) if fine.unsigned_abs() >= LATEST_SECOND => {
                Err(("milliseconds", in_seconds(fine)))
            }
            Ok(_) => Ok((*digits).to_owned()),
            Err(_) => Err((
                "type",
                "a key that ends in `_date` holds Unix seconds".to_owned(),
            )),
        },
        other => Ok(written(other)),
    }
}

/// A link, or an amount of money.
fn special(json: &str) -> Result<String, Wrong> {
    let object: Object = json::parse(json.as_bytes()).unwrap_or_default();
    let names = |wanted: [&str; 2]| {
        object.0.len() == 2 && wanted.iter().all(|name| object.get(name).is_some())
    };
    if names(["url", "value"]) {
        let text = |name| matches!(object.get(name), Some(Member::Text(text)) if !text.is_empty());
        return match text("url") && text("value") {
            true => Ok(json.to_owned()),
            false => Err(("type", "a link's `url` and `value` are text".to_owned())),
        };
    }
    if names(["amount", "currency"]) {
        let Some(Member::Text(currency)) = object.get("currency") else {
            return Err(("type", "a `currency` is text, like `usd`".to_owned()));
        };
        let currency = currency.trim().to_ascii_lowercase();
        if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_lowercase()) {
            return Err((
                "format",
                "a `currency` has three letters, like `usd`".to_owned(),
            ));
        }
        let amount = match object.get("amount") {
            // A whole number is in the smallest unit already. One with a point would be in another: what writes JSON
            // leaves out a fraction of zeros, and 20.00 would come as 20, a hundredth of 19.99.
            Some(Member::Number(digits)) if digits.parse::<i64>().is_ok() => (*digits).to_owned(),
            Some(Member::Text(text)) => smallest_unit(text.trim(), &currency)?.to_string(),
            _ => return Err(("type", AMOUNT.to_owned())),
        };
        let mut money = Members::default();
        money.json("amount", &amount).text("currency", &currency);
        return Ok(money.object());
    }
    Err((
        "type",
        "an object in an event's metadata is {\"url\", \"value\"} or {\"amount\", \"currency\"}"
            .to_owned(),
    ))
}

const AMOUNT: &str = "an `amount` is a decimal text like \"19.99\", or a whole number of the currency's smallest unit";

/// A decimal number in the smallest unit of a currency, digit by digit: floating point would lose some.
fn smallest_unit(decimal: &str, currency: &str) -> Result<i64, Wrong> {
    let places = if ZERO_DECIMAL.contains(&currency) {
        0
    } else {
        2
    };
    let wrong = || ("format", AMOUNT.to_owned());
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let are_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if digits.is_empty() || !are_digits(digits) || !are_digits(fraction) {
        return Err(wrong());
    }
    let kept = fraction.trim_end_matches('0');
    if kept.len() > places {
        let message = format!("{currency} has {places} decimal places");
        return Err(("format", message));
    }
    let zeros = "0".repeat(places - kept.len());
    format!("{whole}{kept}{zeros}").parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, Vec<String>> {
        let mut problems = Vec::new();
        let sent = canonical("metadata", json, &mut problems);
        match problems.is_empty() {
            true => Ok(sent),
            false => Err(problems
                .into_iter()
                .map(|one| format!("{} {}", one.path, one.code))
                .collect()),
        }
    }

    #[test]
    fn money_is_counted_in_the_smallest_unit_without_floating_point() {
        for (amount, currency, sent) in [
            (r#""19.99""#, "USD", 1_999),
            (r#""0.1""#, "eur", 10),
            (r#""-3.50""#, "eur", -350),
            (r#""20""#, "usd", 2_000),
            ("2000", "usd", 2_000),
            (r#""500""#, "JPY", 500),
            (r#""500.0""#, "jpy", 500),
            (r#""90071992547409.93""#, "usd", 9_007_199_254_740_993_i64),
        ] {
            let json = format!(r#"{{"price":{{"amount":{amount},"currency":"{currency}"}}}}"#);
            let expected = format!(
                r#"{{"price":{{"amount":{sent},"currency":"{}"}}}}"#,
                currency.to_lowercase()
            );
            assert_eq!(read(&json), Ok(expected), "{json}");
        }
        for amount in [
            r#""19.999""#,
            r#""1e3""#,
            r#""""#,
            r#"".5""#,
            "null",
            "19.99",
            "20.0",
            "2e3",
            r#""1,5""#,
        ] {
            let json = format!(r#"{{"price":{{"amount":{amount},"currency":"usd"}}}}"#);
            assert!(read(&json).is_err(), "{json}");
        }
        assert!(read(r#"{"p":{"amount":"1.5","currency":"jpy"}}"#).is_err());
        assert!(read(r#"{"p":{"amount":"1.5","currency":"dollars"}}"#).is_err());
    }

    #[test]
    fn metadata_is_flat_and_small() {
        let fine = r#"{"plan":"pro","seats":3,"trial":true,"order":{"url":"https://x.y","value":"3434"},"paid_date":1719492777}"#;
        assert_eq!(read(fine).as_deref(), Ok(fine));
        assert_eq!(
            read(r#"{"a":[1],"b":{"c":1},"d_date":1719492777000}"#),
            Err(vec![
                "metadata.a type".to_owned(),
                "metadata.b type".to_owned(),
                "metadata.d_date milliseconds".to_owned()
            ])
        );
        let many: Vec<String> = (0..11).map(|index| format!("\"k{index}\":1")).collect();
        assert_eq!(
            read(&format!("{{{}}}", many.join(","))),
            Err(vec!["metadata too_many_keys".to_owned()])
        );
    }
}
