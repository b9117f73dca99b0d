//! `authenticate`: the authorization URL, and the check of a connection.

use crate::config::{Config, REGIONS};
use crate::contract::connector::{
    Authentication, AuthenticationRequest, AuthorizationRequest, CheckReport, Readability,
    StreamStatus,
};
use crate::contract::http::{Effect, Response};
use crate::contract::types::{Account, Connection, Failure, FailureKind, Notice};
use crate::failure::{failure, invalid_input, problem};
use crate::intercom::envelope;
use crate::intercom::errors::{from_http, from_response, not_available, unexpected_body};
use crate::intercom::request::{encode, get, header_value};
use crate::intercom::streams::{Complement, OF_TYPE, Paging, STREAMS, Stream};
use crate::intercom::versions::VERSION_HEADER;
use crate::json::{self, Object, Unexpected};
use crate::mapping::Mapping;
use crate::operation::{Answer, Input, Moment, Operation, Step};
use crate::packed_text::{PackedText, Texts};
use crate::prelude::*;
use crate::schema::{Attribute, with_attributes};
use crate::triggers;
use records::search::replaced;

/// Where people authorise; Intercom leads them on to their region.
const AUTHORIZE: &str = "https://app.intercom.com/oauth";

const MOST_IN_FLIGHT: u32 = 25;

/// The operation behind the export.
pub struct Authenticate {
    connection: Connection,
    request: AuthenticationRequest,
    state: State,
}

enum State {
    Begin,
    /// Waiting for `/me`.
    Identity(Checked),
    /// Waiting for the probes of the streams, then the attributes of the models.
    Probes(Checked, Account),
    Over,
}

/// What is valid before anything is sent.
struct Checked {
    config: Config,
}

impl Authenticate {
    /// Answers an authentication request of a connection.
    pub fn new(connection: Connection, request: AuthenticationRequest) -> Self {
        Self {
            connection,
            request,
            state: State::Begin,
        }
    }

    fn begin(&mut self) -> Result<Step<Result<Authentication, Failure>>, Failure> {
        if let AuthenticationRequest::AuthorizationUrl(request) = &self.request {
            return Ok(Step::Done(
                authorization_url(request).map(Authentication::AuthorizationUrl),
            ));
        }
        let checked = validate(&self.connection)?;
        let me = get(checked.config.api_version, "/me");
        self.state = State::Identity(checked);
        Ok(Step::Send(vec![me], 1))
    }

    fn report(
        &self,
        checked: &Checked,
        account: Account,
        answers: Vec<Answer>,
    ) -> Result<CheckReport, Failure> {
        let config = &checked.config;
        let answers = Answers {
            targets: targets(config),
            answers,
        };
        let mut notices: Vec<Notice> = Vec::new();
        let mut known: Vec<(&str, Vec<String>)> = Vec::new();
        let texts = Texts::unpacked();
        let streams = STREAMS
            .iter()
            .enumerate()
            .map(|(index, stream)| {
                let own = own_attributes(stream, config, &answers, &mut notices);
                if let Some(own) = &own {
                    let names = own.iter().map(|attribute| attribute.name.clone());
                    known.push((stream.name, names.collect()));
                }
                StreamStatus {
                    name: stream.name.to_owned(),
                    readability: readability(stream, config, &answers),
                    schema: with_attributes(
                        texts.get(PackedText::of_stream(index)),
                        &own.unwrap_or_default(),
                    ),
                }
            })
            .collect();
        // Compiled anew, now that the account is known.
        let mut mapping = match &self.connection.mapping {
            Some(document) => Mapping::compile(document, Some(&account))?,
            None => Mapping::default(),
        };
        let mut triggers = match &self.connection.triggers {
            Some(document) => triggers::compile(document, Some(&account))?,
            None => Vec::new(),
        };
        let attributes = |stream: &str| {
            let mut all = known.iter();
            let (_, names) = all.find(|(name, _)| *name == stream)?;
            Some(names.clone())
        };
        notices.extend(mapping.fit(&attributes)?);
        notices.extend(triggers::fit(&mut triggers, &attributes)?);
        Ok(CheckReport {
            account,
            prepared: mapping.prepare(&triggers::pack(&triggers)),
            streams,
            notices,
        })
    }
}

impl Operation for Authenticate {
    type Output = Result<Authentication, Failure>;

    fn step(&mut self, _: Moment, input: Input) -> Step<Self::Output> {
        let answers = match input {
            Input::Answers(answers) => answers,
            _ => Vec::new(),
        };
        match core::mem::replace(&mut self.state, State::Over) {
            State::Begin => self
                .begin()
                .unwrap_or_else(|failure| Step::Done(Err(failure))),
            State::Identity(checked) => match identify(&checked.config, answers.first()) {
                Ok(account) => {
                    let version = checked.config.api_version;
                    let targets = targets(&checked.config);
                    let probes = targets.iter().map(|target| get(version, target)).collect();
                    self.state = State::Probes(checked, account);
                    Step::Send(probes, MOST_IN_FLIGHT)
                }
                Err(failure) => Step::Done(Err(failure)),
            },
            State::Probes(checked, account) => {
                let report = self.report(&checked, account, answers);
                Step::Done(report.map(Authentication::Checked))
            }
            State::Over => Step::Done(Err(failure(FailureKind::Bug, "over", "the check is over"))),
        }
    }
}

/// Configuration, mapping and triggers, with all problems of all of them at once.
fn validate(connection: &Connection) -> Result<Checked, Failure> {
    let account = connection.account.as_ref();
    let config = Config::of(connection);
    let mapping = connection.mapping.as_deref();
    let mapping = mapping.map_or(Ok(()), |one| Mapping::compile(one, account).map(drop));
    let triggers = connection.triggers.as_deref();
    let triggers = triggers.map_or(Ok(()), |one| triggers::compile(one, account).map(drop));
    let mut failures = [
        config.as_ref().err().cloned(),
        mapping.err(),
        triggers.err(),
    ]
    .into_iter()
    .flatten();
    let Some(first) = failures.next() else {
        return config.map(|config| Checked { config });
    };
    Err(failures.fold(first, |all, one| {
        invalid_input(
            "invalid_config",
            format!("{}; {}", all.message, one.message),
            [all.problems, one.problems].concat(),
        )
    }))
}

fn authorization_url(request: &AuthorizationRequest) -> Result<String, Failure> {
    let missing: Vec<_> = [("client_id", &request.client_id), ("state", &request.state)]
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(name, _)| problem(name, "missing", "must not be empty"))
        .collect();
    if !missing.is_empty() {
        return Err(invalid_input(
            "missing",
            "an authorization URL needs a client id and a state",
            missing,
        ));
    }
    let mut url = format!(
        "{AUTHORIZE}?client_id={}&state={}",
        encode(&request.client_id),
        encode(&request.state)
    );
    if let Some(redirect) = &request.redirect_uri {
        url.push_str(&format!("&redirect_uri={}", encode(redirect)));
    }
    Ok(url)
}

fn identify(config: &Config, answer: Option<&Answer>) -> Result<Account, Failure> {
    let response = success(answer, None)?;
    let unexpected = |reason: &str| unexpected_body(response, reason);
    let mismatch = |found: Unexpected| unexpected(&found.to_string());
    let mut me: Object = json::parse(&response.body).map_err(|reason| unexpected(&reason))?;
    let app: Option<Object> = me.take("app").map_err(mismatch)?;
    let mut app = app.ok_or_else(|| unexpected("it does not name the workspace"))?;
    let mut take = app.taking();
    let workspace_id = take.member("id_code");
    let name = take.member("name");
    let region: Option<String> = take.member("region");
    let time_zone = take.member("timezone");
    take.end(()).map_err(mismatch)?;
    // Only a region that is known can be wrong: Intercom does not document all the names that it gives.
    let region = region.as_deref().map(str::to_ascii_lowercase);
    if let Some(region) = region
        .as_deref()
        .filter(|name| REGIONS.iter().any(|(known, _)| known == name))
        && region != config.region
    {
        return Err(invalid_input(
            "wrong_region",
            format!(
                "the token's workspace lives in region `{region}`, and the connection says `{}`: set `region: {region}`.",
                config.region
            ),
            vec![crate::contract::types::Problem {
                found: Some(config.region.to_owned()),
                expected: Some(region.to_owned()),
                ..problem(
                    "config.region",
                    "wrong_region",
                    "the workspace lives in another region",
                )
            }],
        ));
    }
    Ok(Account {
        workspace_id,
        name,
        region: Some(region.unwrap_or_else(|| config.region.to_owned())),
        time_zone,
        api_version: Some(
            header_value(&response.headers, VERSION_HEADER)
                .unwrap_or(config.api_version)
                .to_owned(),
        ),
    })
}

/// What a probe asks for; `None` when nothing can be asked without a row's key.
fn probe(stream: &Stream, config: &Config) -> Option<String> {
    let path = stream.probe_path(config.api_version);
    if !path.is_empty() {
        return Some(path.to_owned());
    }
    if let Some((parent, _)) = stream.children() {
        return probe(parent, config);
    }
    if !stream.listed() {
        return None;
    }
    let name = config.custom_object_types.first()?;
    let path = replaced(stream.path, OF_TYPE, &encode(name));
    Some(format!("{path}?per_page=1"))
}

/// The streams whose rows are attributes of a stream.
fn attribute_stream(stream: &Stream) -> Option<&'static Stream> {
    let model = stream.attribute_model?;
    let mut all = STREAMS.iter();
    all.find(|one| one.complement == Complement::Attribute(model))
}

/// Everything that a check asks for, each path once.
fn targets(config: &Config) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for stream in STREAMS {
        let own = attribute_stream(stream).map(|one| one.list_path(config.api_version).to_owned());
        let offered = stream.versions.contains(&config.api_version);
        let probe = probe(stream, config).filter(|_| offered);
        for target in probe.into_iter().chain(own) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

/// The answers to what a check asked for.
struct Answers {
    targets: Vec<String>,
    answers: Vec<Answer>,
}

impl Answers {
    fn to(&self, target: &str) -> Option<&Answer> {
        let place = self.targets.iter().position(|one| one == target)?;
        self.answers.get(place)
    }
}

fn readability(stream: &Stream, config: &Config, answers: &Answers) -> Readability {
    if !stream.versions.contains(&config.api_version) {
        return Readability::NotInVersion(config.api_version.to_owned());
    }
    if !stream.listed() {
        return Readability::Unknown(*failure(
            FailureKind::InvalidInput,
            "webhooks_only",
            "only webhooks tell of its rows.",
        ));
    }
    let Some(target) = probe(stream, config) else {
        return Readability::Unknown(*failure(
            FailureKind::InvalidInput,
            "not_tried",
            "it takes `custom_object_types` in the configuration to read this.",
        ));
    };
    // What hangs on a row, and a job, are asked for with a key that nothing has.
    let asks_for_a_row =
        matches!(stream.paging, Paging::Children(_) | Paging::Export) && !stream.probe.is_empty();
    let answer = answers.to(&target);
    if let Some(Ok(response)) = answer
        && response.status == 404
    {
        return match asks_for_a_row {
            true => Readability::Readable,
            false => Readability::Denied(*not_available(response, stream)),
        };
    }
    let probed = match stream.children() {
        Some((parent, _)) if !asks_for_a_row => parent,
        _ => stream,
    };
    let parsed = success(answer, Some(stream.permission)).and_then(|response| {
        // The probe of one stream may be the list of another.
        envelope::items(&response.body, &[probed.items, &["data"]].concat())
            .map(drop)
            .map_err(|reason| unexpected_body(response, &reason))
    });
    match parsed {
        Ok(()) => Readability::Readable,
        Err(failure) if failure.kind == FailureKind::Permission => Readability::Denied(*failure),
        Err(failure) => Readability::Unknown(*failure),
    }
}

/// The workspace's own attributes of a stream's records, where they are known.
fn own_attributes(
    stream: &Stream,
    config: &Config,
    answers: &Answers,
    notices: &mut Vec<Notice>,
) -> Option<Vec<Attribute>> {
    let Some(listed) = attribute_stream(stream) else {
        return match stream.attribute_model {
            Some(OF_TICKETS) => ticket_attributes(answers.to(stream.probe)),
            _ => None,
        };
    };
    let answer = answers.to(listed.list_path(config.api_version));
    let read = success(answer, Some(listed.permission)).and_then(|response| {
        let (items, _) = envelope::items(&response.body, listed.items)
            .map_err(|reason| unexpected_body(response, &reason))?;
        Ok(items
            .iter()
            .filter_map(|item| json::parse(item.as_bytes()).ok())
            .collect())
    });
    read.inspect_err(|failure| {
        notices.push(Notice {
            kind: "unavailable".to_owned(),
            message: format!(
                "the custom attributes of {} could not be read: {}",
                stream.name, failure.message
            ),
            stream: Some(stream.name.to_owned()),
            key: None,
            path: None,
            document: None,
        });
    })
    .ok()
}

/// The model whose attributes are those of the types of tickets.
const OF_TICKETS: &str = "ticket";

/// The attributes of all types of tickets, each name once.
fn ticket_attributes(answer: Option<&Answer>) -> Option<Vec<Attribute>> {
    let mut attributes: Vec<Attribute> = Vec::new();
    let response = success(answer, None).ok()?;
    let (items, _) = envelope::items(&response.body, &["data", "ticket_types"]).ok()?;
    for item in items {
        let mut ticket_type: Object = json::parse(item.as_bytes()).unwrap_or_default();
        let mut list: Object = ticket_type
            .take("ticket_type_attributes")
            .unwrap_or_default();
        let own: Vec<Attribute> = list.take("data").unwrap_or_default();
        for attribute in own {
            if !attributes.iter().any(|known| known.name == attribute.name) {
                attributes.push(attribute);
            }
        }
    }
    Some(attributes)
}

fn success<'a>(
    answer: Option<&'a Answer>,
    permission: Option<&str>,
) -> Result<&'a Response, Failure> {
    match answer {
        Some(Ok(response)) if (200..300).contains(&response.status) => Ok(response),
        Some(Ok(response)) => Err(from_response(response, Effect::Read, permission)),
        Some(Err(error)) => Err(from_http(error, Effect::Read)),
        None => Err(failure(
            FailureKind::Bug,
            "no_answer",
            "the host gave no answer to a request",
        )),
    }
}
