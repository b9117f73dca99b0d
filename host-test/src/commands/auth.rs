//! `auth`: a person authorises the app, and the connection gets its token.

use std::io::{BufRead as _, Read as _};
use std::time::Duration;

use serde_json::json;

use super::{CommandError, check, load_connection, print_json, print_line};
use crate::authorization::{AuthorizationError, Pasted, check_state, random_state};
use crate::code_exchange::{ExchangeError, ExchangeValues, exchange_code, needs_redirect_uri};
use crate::command_line::{AuthArguments, Exit, Global};
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{
    Authentication, AuthenticationRequest, AuthorizationRequest, CodeExchange, Descriptor,
};
use crate::opened_connection::{OpenedConnection, load_component};
use crate::progress::write_line;
use crate::secret::Secret;
use crate::token_file;

/// The longest line that is taken from standard input.
const MOST_PASTED_BYTES: u64 = 16 * 1024;

/// How long an exchange may take.
const EXCHANGE_TIME: Duration = Duration::from_secs(30);

/// Authorises a connection, stores the token, and checks the connection with it.
pub(super) async fn run(global: &Global, arguments: &AuthArguments) -> Result<Exit, CommandError> {
    require_state(arguments)?;
    let mut file = load_connection(global, &arguments.connection)?;
    let (client_id, client_secret) = client(&file)?;
    token_file::check_replaceable(&file.token_file).map_err(CommandError::usage)?;
    if file.access_token.take().is_some() {
        write_line(&format!(
            "warning: {} has an access_token of its own, which the other commands prefer to the token that is stored now; \
             take it out",
            file.path.display()
        ));
    }
    let plugin = load_component(global.component.as_deref()).await?;
    let exchange = code_exchange(plugin.descriptor())?;
    if needs_redirect_uri(&exchange) && arguments.redirect_uri.is_none() {
        return Err(CommandError::usage(ExchangeError::NoRedirectUri));
    }

    let asking = OpenedConnection::with_token(plugin.clone(), file.clone(), None)?;
    if let Some(Err(unknown)) = asking.tenant.shared.endpoints.get(&exchange.endpoint) {
        return Err(CommandError::usage(unknown));
    }
    let state = match &arguments.state {
        Some(state) => state.clone(),
        None => random_state().map_err(CommandError::failed)?,
    };
    let code = match &arguments.code {
        Some(pasted) => code(pasted.expose(), &state, arguments)?,
        None => {
            let url = authorization_url(&asking, &client_id, &state, arguments).await?;
            tell(global, &url, &state)?;
            code(read_line()?.expose(), &state, arguments)?
        }
    };
    let values = ExchangeValues {
        code: &code,
        client_id: &client_id,
        client_secret: &client_secret,
        redirect_uri: arguments.redirect_uri.as_deref(),
    };
    let time = EXCHANGE_TIME.div_f64(global.time_scale.max(1.0));
    let token = exchange_code(&asking.tenant, &exchange, &values, time)
        .await
        .map_err(CommandError::failed)?;
    token_file::store(&file.token_file, &token).map_err(CommandError::failed)?;
    write_line(&format!(
        "the token is stored in {}, for its owner alone",
        file.token_file.display()
    ));
    let authorised = OpenedConnection::with_token(plugin, file, Some(token))?;
    check::tell(global, &authorised, None).await
}

/// What is given on the command line has to be verifiable: nobody can know the random state of this process.
fn require_state(arguments: &AuthArguments) -> Result<(), CommandError> {
    if arguments.code.is_none() || arguments.state.is_some() || arguments.without_state {
        return Ok(());
    }
    Err(CommandError::usage(
        "--code needs --state with the state that its authorization began with, or --without-state",
    ))
}

/// Id and secret of the app. While a secret is being replaced, the first one counts.
fn client(file: &ConnectionFile) -> Result<(String, Secret), CommandError> {
    if let (Some(id), Some(secret)) = (&file.client_id, file.client_secrets.first()) {
        return Ok((id.clone(), secret.clone()));
    }
    let missing: Vec<&str> = [
        ("credentials.client_id", file.client_id.is_none()),
        ("credentials.client_secret", file.client_secrets.is_empty()),
    ]
    .iter()
    .filter(|(_, missing)| *missing)
    .map(|(key, _)| *key)
    .collect();
    Err(CommandError::usage(format!(
        "{}: to authorise, the app has to be known: add {}, as the provider shows them with the app",
        file.path.display(),
        missing.join(" and ")
    )))
}

fn code_exchange(descriptor: &Descriptor) -> Result<CodeExchange, CommandError> {
    let mut exchanges = descriptor
        .auth_methods
        .iter()
        .filter_map(|method| method.exchange.clone());
    exchanges.next().ok_or_else(|| {
        CommandError::usage(format!(
            "the component {} takes a token that you bring, and cannot be authorised with a code",
            descriptor.name
        ))
    })
}

async fn authorization_url(
    connection: &OpenedConnection,
    client_id: &str,
    state: &str,
    arguments: &AuthArguments,
) -> Result<String, CommandError> {
    let request = AuthenticationRequest::AuthorizationUrl(AuthorizationRequest {
        client_id: client_id.to_owned(),
        state: state.to_owned(),
        redirect_uri: arguments.redirect_uri.clone(),
    });
    let answer = connection
        .plugin
        .authenticate(&connection.tenant, &request)
        .await?;
    match answer {
        Authentication::AuthorizationUrl(url) => Ok(url),
        // The plugin has compared the answer with what was asked for.
        Authentication::Checked(_) => Err(CommandError::failed("there is no authorization URL")),
    }
}

fn tell(global: &Global, url: &str, state: &str) -> Result<(), CommandError> {
    if global.json {
        return print_json(&json!({"authorization_url": url, "state": state}));
    }
    write_line("open this address, authorise, and paste the address that the browser is sent to:");
    print_line(url)
}

/// The code in what was pasted, once its state is known to be the one that was sent.
fn code(pasted: &str, state: &str, arguments: &AuthArguments) -> Result<Secret, CommandError> {
    let verified = match Pasted::parse(pasted) {
        Ok(Pasted::Redirect(redirect)) => redirect.code(state),
        Ok(Pasted::Code(code)) if arguments.without_state => Ok(code),
        Ok(Pasted::Code(_)) if arguments.code.is_some() => {
            Err(AuthorizationError::Missing { name: "state" })
        }
        Ok(Pasted::Code(code)) => {
            write_line("a code alone may be anybody's; paste the `state` of the same address too:");
            check_state(state, read_line()?.expose()).map(|()| code)
        }
        Err(error) => Err(error),
    };
    verified.map_err(CommandError::failed)
}

/// A line of standard input; empty at its end.
fn read_line() -> Result<Secret, CommandError> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .take(MOST_PASTED_BYTES)
        .read_line(&mut line)
        .map_err(|error| CommandError::failed(format!("standard input: {error}")))?;
    Ok(line.into())
}
