//! The name that somebody probably meant.

/// The candidate closest to `name`, when one is close enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
            (distance, candidate)
        })
        // A third of the longer name may differ: `contcats` is `contacts`, `tags` is not `teams`.
        .filter(|(distance, candidate)| *distance * 3 <= wanted.len().max(candidate.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_names_are_not() {
        let names = ["contacts", "companies", "tags"];
        assert_eq!(nearest("contact", names), Some("contacts"));
        assert_eq!(nearest("Compaines", names), Some("companies"));
        assert_eq!(nearest("orders", names), None);
    }
}
