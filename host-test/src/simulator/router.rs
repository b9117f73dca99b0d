//! Which resource answers a request. A resource is a file with a table of routes; adding one adds its table here.

use percent_encoding::percent_decode_str;

use super::route::Route;
use super::version::ApiVersion;
use super::{
    activity_logs, admins, bulk, catalogue_lists, companies, company_lists, contact_blocking,
    contact_lists, contacts, content_export, content_writes, conversation_attributes,
    conversation_contacts, conversation_replies, conversation_writes, conversations,
    custom_object_writes, custom_objects, data_attributes, desk_tags, event_submission, events,
    jobs, macros, me, messages, news, notes, oauth, segments, subscriptions, tags, teams,
    ticket_type_writes, ticket_types, ticket_writes, tickets,
};

/// Every operation. A fixed path comes before a pattern that would match it too.
const TABLES: &[&[Route]] = &[
    oauth::ROUTES,
    me::ROUTES,
    activity_logs::ROUTES,
    admins::ROUTES,
    teams::ROUTES,
    tags::ROUTES,
    segments::ROUTES,
    data_attributes::ROUTES,
    bulk::CONTACTS,
    bulk::COMPANIES,
    contacts::ROUTES,
    contact_blocking::ROUTES,
    contact_lists::ROUTES,
    company_lists::ROUTES,
    companies::ROUTES,
    notes::ROUTES,
    subscriptions::ROUTES,
    events::ROUTES,
    event_submission::ROUTES,
    content_export::ROUTES,
    catalogue_lists::ROUTES,
    content_writes::ROUTES,
    news::ROUTES,
    macros::ROUTES,
    custom_objects::ROUTES,
    custom_object_writes::ROUTES,
    conversation_attributes::ROUTES,
    conversations::ROUTES,
    conversation_writes::ROUTES,
    conversation_replies::ROUTES,
    conversation_contacts::ROUTES,
    messages::ROUTES,
    desk_tags::ROUTES,
    ticket_types::ROUTES,
    tickets::ROUTES,
    ticket_writes::ROUTES,
    ticket_type_writes::ROUTES,
    jobs::ROUTES,
];

/// Every operation of an API version (such as `2.11`) that a token opens, as method and path; `{…}` stands for any one part
/// of a path. None when there is no such version.
pub fn operations(version: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let version = ApiVersion::parse(version);
    let routes = TABLES.iter().flat_map(|table| table.iter());
    let routes = routes.filter(move |route| !route.open && Some(route.since) <= version);
    let routes = routes.filter(move |route| version <= Some(route.until));
    routes.map(|route| (route.method, route.path))
}

/// Finds the operation of a request and the open parts of its path, decoded.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<String>)> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, parameters(route.path, path)?)))
}

fn parameters(pattern: &str, path: &str) -> Option<Vec<String>> {
    let path = path
        .strip_suffix('/')
        .filter(|path| !path.is_empty())
        .unwrap_or(path);
    let mut parts = path.split('/');
    let mut parameters = Vec::new();
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        if wanted.starts_with('{') && !part.is_empty() {
            parameters.push(percent_decode_str(part).decode_utf8_lossy().into_owned());
        } else if wanted != part {
            return None;
        }
    }
    parts.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found() {
        let found =
            |method, path| find(method, path).map(|(route, parameters)| (route.path, parameters));
        assert_eq!(found("GET", "/contacts"), Some(("/contacts", vec![])));
        assert_eq!(
            found("POST", "/contacts/search"),
            Some(("/contacts/search", vec![]))
        );
        assert_eq!(
            found("GET", "/companies/scroll"),
            Some(("/companies/scroll", vec![]))
        );
        assert_eq!(
            found("DELETE", "/contacts/a/companies/c"),
            Some((
                "/contacts/{id}/companies/{company_id}",
                vec!["a".to_owned(), "c".to_owned()]
            ))
        );
        assert_eq!(
            found("GET", "/custom_object_instances/Car%20%2F%20Van/a+b"),
            Some((
                "/custom_object_instances/{type}/{id}",
                vec!["Car / Van".to_owned(), "a+b".to_owned()]
            ))
        );
        for (method, path) in [
            ("PATCH", "/contacts"),
            ("GET", "/"),
            ("GET", ""),
            ("GET", "/contacts/a/b/c"),
        ] {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn no_route_hides_another() {
        for route in TABLES.iter().flat_map(|table| table.iter()) {
            let example = route.path.replace(['{', '}'], "-");
            let found = find(route.method, &example).map(|(route, _)| route.path);
            assert_eq!(found, Some(route.path), "{} {}", route.method, route.path);
        }
    }
}
