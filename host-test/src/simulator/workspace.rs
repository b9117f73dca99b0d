//! A simulated workspace: its data, its clock and everything it remembers. The server answers from it; a test in the
//! same process inspects and changes it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::bulk_jobs::BulkJobs;
use super::catalogue::Catalogue;
use super::clock::{Clock, as_milliseconds};
use super::company::Company;
use super::company_store::CompanyStore;
use super::contact::Contact;
use super::contact_body::Rendering;
use super::contact_store::ContactStore;
use super::content_export::ContentExports;
use super::conversation::Conversation;
use super::conversation_attribute_table::{self, ConversationAttribute};
use super::custom_attribute::{self, DataAttribute};
use super::event::EventStore;
use super::fault_plan::FaultPlan;
use super::faults::Fault;
use super::generator::{FIRST_TAG_ID, Generator};
use super::hold::{Hold, HoldPoint};
use super::identifiers::{self, Kind, mix};
use super::job_queue::Jobs;
use super::moment::TimeStyle;
use super::oauth::Grants;
use super::options::Options;
use super::ordered_store::OrderedStore;
use super::rate_limit::{RateLimit, WINDOW};
use super::recorder::Recorder;
use super::request_log::{RequestLog, RequestLogEntry};
use super::scroll::Scroll;
use super::segments;
use super::teammates::Teammates;
use super::ticket::Ticket;
use super::ticket_kind::{self, TicketKind};
use super::version::ApiVersion;
use super::webhooks::Webhooks;

/// A simulated workspace.
///
/// All methods take `&self` and can be called from any thread. Changes made through it send notifications just as
/// changes made over HTTP do.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) options: Options,
    pub(crate) time_zone: TimeZone,
    pub(crate) clock: Clock,
    pub(crate) generator: Generator,
    pub(crate) rate_limit: RateLimit,
    pub(crate) faults: FaultPlan,
    pub(crate) hold: HoldPoint,
    pub(crate) log: RequestLog,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) webhooks: Webhooks,
    pub(crate) grants: Grants,
    /// Where this workspace answers, for the URLs it hands out.
    pub(crate) url: String,
    state: RwLock<State>,
    scroll: Mutex<Scroll>,
    revoked: AtomicBool,
    request_ids: AtomicU64,
}

/// What writes change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) contacts: ContactStore,
    pub(crate) companies: CompanyStore,
    pub(crate) conversations: OrderedStore<Conversation>,
    /// The last message of a teammate to a contact that was not answered, by the number of the contact: an answer makes
    /// this conversation of it.
    pub(crate) unanswered: BTreeMap<u64, Conversation>,
    pub(crate) tickets: OrderedStore<Ticket>,
    pub(crate) ticket_kinds: Vec<TicketKind>,
    pub(crate) jobs: Jobs,
    pub(crate) bulk_jobs: BulkJobs,
    pub(crate) tags: BTreeMap<u64, String>,
    pub(crate) teammates: Teammates,
    pub(crate) catalogue: Catalogue,
    pub(crate) content_exports: ContentExports,
    pub(crate) data_attributes: Vec<DataAttribute>,
    pub(crate) conversation_attributes: Vec<ConversationAttribute>,
    pub(crate) events: EventStore,
    pub(crate) next_note_id: u64,
    /// How many objects were changed by arithmetic: picks the next one.
    pub(crate) mutations: u64,
}

impl State {
    fn index_is_due(&self, now: i64) -> bool {
        self.contacts.index_is_due(now)
            || self.conversations.index_is_due(now)
            || self.tickets.index_is_due(now)
    }

    /// Lets search see what was written long enough before `now` (milliseconds).
    fn index(&mut self, now: i64) {
        self.contacts.index(now);
        self.conversations.index(now);
        self.tickets.index(now);
    }
}

impl Workspace {
    /// A workspace that answers at `url` and delivers notifications on `runtime`.
    ///
    /// # Errors
    /// `InvalidInput` for an unknown time zone; when no HTTP client can be made or the recording cannot be opened.
    pub(crate) fn new(
        options: Options,
        url: String,
        runtime: tokio::runtime::Handle,
    ) -> io::Result<Workspace> {
        let time_zone = TimeZone::get(&options.time_zone)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let generator = Generator::new(&options);
        let clock = Clock::starting_after(options.epoch);
        let tags =
            (0..generator.tags).map(|index| (FIRST_TAG_ID + index, format!("Tag {}", index + 1)));
        let lag = as_milliseconds(options.index_lag);
        let state = State {
            contacts: ContactStore::new(generator.clone(), lag),
            companies: CompanyStore::new(generator.clone()),
            conversations: OrderedStore::new(generator.clone(), lag),
            unanswered: BTreeMap::new(),
            tickets: OrderedStore::new(generator.clone(), lag),
            ticket_kinds: ticket_kind::first(options.epoch),
            jobs: Jobs::default(),
            bulk_jobs: BulkJobs::default(),
            tags: tags.collect(),
            teammates: Teammates::default(),
            catalogue: Catalogue::new(&options),
            content_exports: ContentExports::default(),
            data_attributes: custom_attribute::custom(options.epoch),
            conversation_attributes: conversation_attribute_table::first(),
            events: EventStore::default(),
            next_note_id: generator.first_free_note(),
            mutations: 0,
        };
        let workspace = Workspace {
            time_zone,
            clock,
            rate_limit: RateLimit::new(options.rate_limit, options.scaled(WINDOW)),
            faults: FaultPlan::default(),
            hold: HoldPoint::default(),
            log: RequestLog::default(),
            recorder: options.record.as_deref().map(Recorder::open).transpose()?,
            webhooks: Webhooks::new(&options, runtime)?,
            grants: Grants::new(&options),
            url,
            state: RwLock::new(state),
            scroll: Mutex::default(),
            revoked: AtomicBool::new(false),
            request_ids: AtomicU64::new(0),
            generator,
            options,
        };
        workspace.faults.set(workspace.options.faults.clone());
        workspace
            .webhooks
            .subscribe(workspace.options.webhook_url.clone());
        Ok(workspace)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn scroll<T>(&self, act: impl FnOnce(&mut Scroll) -> T) -> T {
        act(&mut self.scroll.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state with everything in the index that should be by now.
    pub(crate) fn read_indexed(&self) -> RwLockReadGuard<'_, State> {
        let now = self.clock.milliseconds();
        if self.read().index_is_due(now) {
            self.write().index(now);
        }
        self.read()
    }

    pub(crate) fn rendering(&self, version: ApiVersion) -> Rendering<'_> {
        Rendering {
            seed: self.options.seed,
            workspace_id: &self.options.workspace_id,
            version,
            times: TimeStyle::Answer,
        }
    }

    /// A new id in the form of a UUID, for a request or a notification; the same order gives the same ids.
    pub(crate) fn next_uuid(&self) -> String {
        uuid(
            self.options.seed,
            self.request_ids.fetch_add(1, Ordering::Relaxed),
        )
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        let own = token == self.options.access_token && !self.revoked.load(Ordering::Relaxed);
        own || self.grants.accept(token)
    }

    fn contact_value(&self, contact: &Contact) -> Option<Value> {
        to_value(&contact.body(self.rendering(ApiVersion::DEFAULT)))
    }

    pub(crate) fn company_value(&self, state: &State, company: &Company) -> Option<Value> {
        let tag_name = |id| state.tags.get(&id).map(String::as_str);
        let segment = |index| segments::segment(self, index, false);
        to_value(&company.body(
            self.options.seed,
            &self.options.workspace_id,
            tag_name,
            segment,
        ))
    }
}

/// Reading.
impl Workspace {
    /// Now, in Unix seconds of the workspace's clock.
    pub fn now(&self) -> i64 {
        self.clock.seconds()
    }

    /// Moves the workspace's clock ahead: the index catches up, scrolls expire, rate windows open.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.finish_jobs();
    }

    /// How many contacts can be read.
    pub fn contact_count(&self) -> u64 {
        self.read().contacts.current().count()
    }

    /// Ids of the contacts that can be read.
    pub fn contact_ids(&self) -> impl Iterator<Item = String> + use<> {
        let seed = self.options.seed;
        let numbers: Vec<u64> = self.read().contacts.current().numbers().collect();
        numbers
            .into_iter()
            .map(move |number| identifiers::encode(seed, Kind::Contact, number))
    }

    /// A contact as the API (2.11) renders it; `None` when it cannot be read.
    pub fn contact(&self, id: &str) -> Option<Value> {
        let number = identifiers::decode(self.options.seed, Kind::Contact, id)?;
        let contact = self.read().contacts.current().live(number)?;
        self.contact_value(&contact)
    }

    /// Calls `visit` with each contact that can be read, as the API (2.11) renders it. No lock is held meanwhile.
    pub fn for_each_contact(&self, mut visit: impl FnMut(&Value)) {
        for id in self.contact_ids() {
            if let Some(contact) = self.contact(&id) {
                visit(&contact);
            }
        }
    }

    /// How many companies lists and the scroll show.
    pub fn company_count(&self) -> u64 {
        self.read().companies.visible_count()
    }

    /// Ids of the companies that lists and the scroll show.
    pub fn company_ids(&self) -> impl Iterator<Item = String> + use<> {
        let seed = self.options.seed;
        let numbers: Vec<u64> = self.read().companies.visible(0, u64::MAX).collect();
        numbers
            .into_iter()
            .map(move |number| identifiers::encode(seed, Kind::Company, number))
    }

    /// A company as the API renders it, visible in lists or not; `None` when there is none.
    pub fn company(&self, id: &str) -> Option<Value> {
        let number = identifiers::decode(self.options.seed, Kind::Company, id)?;
        let state = self.read();
        let company = state.companies.company(number)?;
        self.company_value(&state, &company)
    }

    /// Calls `visit` with each company that lists show, as the API renders it. No lock is held meanwhile.
    pub fn for_each_company(&self, mut visit: impl FnMut(&Value)) {
        for id in self.company_ids() {
            if let Some(company) = self.company(&id) {
                visit(&company);
            }
        }
    }
}

/// Watching and disturbing.
impl Workspace {
    /// The last requests, at most 100,000, oldest first.
    pub fn requests(&self) -> Vec<RequestLogEntry> {
        self.log.entries()
    }

    /// How many requests there were since the start.
    pub fn request_count(&self) -> u64 {
        self.log.total()
    }

    /// Replaces the faults; counting of matching requests starts anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.faults.set(faults);
    }

    /// From a request on, holds back every answer; `None` releases what is held back.
    pub fn set_hold(&self, hold: Option<Hold>) {
        self.hold.set(hold);
    }

    /// How many requests are held back now.
    pub fn held_back(&self) -> u64 {
        self.hold.waiting()
    }

    /// Makes every later request unauthorized that has a token of before, as when the app is uninstalled. Who authorises
    /// it again gets a token that is good.
    pub fn revoke_token(&self) {
        self.revoked.store(true, Ordering::Relaxed);
        self.grants.revoke();
    }

    /// Gives out a further token, as if somebody had authorised the app.
    pub fn grant_token(&self) -> String {
        self.grants.token()
    }

    /// Accepts the token of the options again.
    pub fn restore_token(&self) {
        self.revoked.store(false, Ordering::Relaxed);
    }
}

/// A handle to a workspace, as the server and its tasks share it.
pub(crate) type SharedWorkspace = Arc<Workspace>;

fn to_value(body: &impl Serialize) -> Option<Value> {
    serde_json::to_value(body).ok()
}

/// The UUID with this number.
pub(crate) fn uuid(seed: u64, number: u64) -> String {
    let high = mix(seed ^ mix(number));
    let low = mix(high ^ number);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
