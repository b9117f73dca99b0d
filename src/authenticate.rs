//! `authenticate`: the authorization URL, and the check of a connection.

use crate::config::{Config, REGIONS};
use crate::contract::connector::{
    Authentication, AuthenticationRequest, AuthorizationRequest, CheckReport, Readability,
    StreamStatus,
};
use crate::contract::http::{Effect, Request, Response};
use crate::contract::types::{Account, Connection, Failure, FailureKind, Notice};
use crate::failure::{failure, invalid_input, problem};
use crate::intercom::envelope;
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request::{encode, get, header_value};
use crate::intercom::streams::{STREAMS, Stream};
use crate::intercom::versions::VERSION_HEADER;
use crate::json::{self, Object, Unexpected};
use crate::mapping::Mapping;
use crate::operation::{Answer, Input, Moment, Operation, Step};
use crate::schema::{self, Attribute};

/// Where people authorise; Intercom leads them on to their region.
const AUTHORIZE: &str = "https://app.intercom.com/oauth";

const MOST_IN_FLIGHT: u32 = 8;

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
    mapping: Mapping,
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
}

impl Operation for Authenticate {
    type Output = Result<Authentication, Failure>;

    fn step(&mut self, _: Moment, input: Input) -> Step<Self::Output> {
        let answers = match input {
            Input::Answers(answers) => answers,
            _ => Vec::new(),
        };
        match std::mem::replace(&mut self.state, State::Over) {
            State::Begin => self
                .begin()
                .unwrap_or_else(|failure| Step::Done(Err(failure))),
            State::Identity(checked) => match identify(&checked.config, answers.into_iter().next())
            {
                Ok(account) => {
                    let probes = probes(&checked.config);
                    self.state = State::Probes(checked, account);
                    Step::Send(probes, MOST_IN_FLIGHT)
                }
                Err(failure) => Step::Done(Err(failure)),
            },
            State::Probes(checked, account) => Step::Done(Ok(Authentication::Checked(report(
                &checked, account, answers,
            )))),
            State::Over => Step::Done(Err(failure(FailureKind::Bug, "over", "the check is over"))),
        }
    }
}

/// Configuration and mapping, with all problems of both at once.
fn validate(connection: &Connection) -> Result<Checked, Failure> {
    let mapping = connection
        .mapping
        .as_deref()
        .map_or_else(|| Ok(Mapping::default()), Mapping::compile);
    match (Config::of(connection), mapping) {
        (Ok(config), Ok(mapping)) => Ok(Checked { config, mapping }),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
        (Err(config), Err(mapping)) => {
            let problems = [config.problems, mapping.problems].concat();
            Err(invalid_input(
                "invalid_config",
                format!("{}; {}", config.message, mapping.message),
                problems,
            ))
        }
    }
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

fn identify(config: &Config, answer: Option<Answer>) -> Result<Account, Failure> {
    let response = success(answer, None)?;
    let unexpected = |reason: &str| unexpected_body(&response, reason);
    let mismatch = |found: Unexpected| unexpected(&found.to_string());
    let mut me: Object = json::parse(&response.body).map_err(|reason| unexpected(&reason))?;
    let app: Option<Object> = me.take("app").map_err(mismatch)?;
    let mut app = app.ok_or_else(|| unexpected("it does not name the workspace"))?;
    let workspace_id = app.take("id_code").map_err(mismatch)?;
    let name = app.take("name").map_err(mismatch)?;
    let region: Option<String> = app.take("region").map_err(mismatch)?;
    let time_zone = app.take("timezone").map_err(mismatch)?;
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

/// The streams that the connection's version has.
fn offered(config: &Config) -> impl Iterator<Item = &'static Stream> {
    STREAMS
        .iter()
        .filter(|stream| stream.versions.contains(&config.api_version))
}

/// The models of custom attributes, each once.
fn models() -> Vec<&'static str> {
    let mut models: Vec<&str> = STREAMS
        .iter()
        .filter_map(|stream| stream.attribute_model)
        .collect();
    models.dedup();
    models
}

fn probes(config: &Config) -> Vec<Request> {
    let streams = offered(config).map(|stream| get(config.api_version, stream.probe));
    let models = models().into_iter().map(|model| {
        get(
            config.api_version,
            format!("/data_attributes?model={model}&include_archived=true"),
        )
    });
    streams.chain(models).collect()
}

fn report(checked: &Checked, account: Account, answers: Vec<Answer>) -> CheckReport {
    let mut answers = answers.into_iter();
    let config = &checked.config;
    let readable: Vec<Option<Readability>> = STREAMS
        .iter()
        .map(|stream| {
            offered(config)
                .any(|one| one.name == stream.name)
                .then(|| readability(stream, answers.next()))
        })
        .collect();
    let mut notices: Vec<Notice> = Vec::new();
    let attributes: Vec<(&str, Vec<Attribute>)> = models()
        .into_iter()
        .map(|model| (model, attributes(model, answers.next(), &mut notices)))
        .collect();
    let streams = STREAMS
        .iter()
        .zip(readable)
        .map(|(stream, readability)| {
            let own = attributes
                .iter()
                .find(|(model, _)| Some(*model) == stream.attribute_model);
            let schema = schema::of_stream(stream, own.map_or(&[], |(_, own)| own));
            StreamStatus {
                name: stream.name.to_owned(),
                readability: readability
                    .unwrap_or_else(|| Readability::NotInVersion(config.api_version.to_owned())),
                schema: schema.into_bytes(),
            }
        })
        .collect();
    CheckReport {
        account,
        prepared: checked.mapping.prepare(),
        streams,
        notices,
    }
}

fn readability(stream: &Stream, answer: Option<Answer>) -> Readability {
    let parsed = success(answer, Some(stream.permission)).and_then(|response| {
        envelope::items(&response.body, stream.items)
            .map(drop)
            .map_err(|reason| unexpected_body(&response, &reason))
    });
    match parsed {
        Ok(()) => Readability::Readable,
        Err(failure) if failure.kind == FailureKind::Permission => Readability::Denied(failure),
        Err(failure) => Readability::Unknown(failure),
    }
}

fn attributes(model: &str, answer: Option<Answer>, notices: &mut Vec<Notice>) -> Vec<Attribute> {
    let read = success(answer, Some("Read and list users and companies")).and_then(|response| {
        let (items, _) = envelope::items(&response.body, &["data"])
            .map_err(|reason| unexpected_body(&response, &reason))?;
        Ok(items
            .iter()
            .filter_map(|item| json::parse(item.as_bytes()).ok())
            .collect())
    });
    read.unwrap_or_else(|failure| {
        notices.push(Notice {
            kind: "unavailable".to_owned(),
            message: format!(
                "the custom attributes of {model} could not be read: {}",
                failure.message
            ),
            stream: None,
            key: None,
            path: None,
            document: None,
        });
        Vec::new()
    })
}

fn success(answer: Option<Answer>, permission: Option<&str>) -> Result<Response, Failure> {
    match answer {
        Some(Ok(response)) if (200..300).contains(&response.status) => Ok(response),
        Some(Ok(response)) => Err(from_response(&response, Effect::Read, permission)),
        Some(Err(error)) => Err(from_http(&error, Effect::Read)),
        None => Err(failure(
            FailureKind::Bug,
            "no_answer",
            "the host gave no answer to a request",
        )),
    }
}
