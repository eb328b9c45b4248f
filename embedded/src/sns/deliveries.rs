//! The deliveries of one program: each is tried until it is settled, with longer and longer pauses.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use asl_runtime::blocking;
use futures_util::future::join_all;
use tokio::sync::{OnceCell, Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use super::super::OpenError;
use super::deliver::{DeliveryError, Subscriber};
use super::notification::{Delivery, DeliveryState, Notification};
use super::outbox::Outbox;
use super::subscription::Subscription;
use super::topics::FIFO;

/// How many deliveries are tried at the same moment.
const AT_ONCE: usize = 16;

/// The first pause after an attempt; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What was not delivered to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Who did not get it, such as `email ops@example.com`; without what may be secret.
    pub subscriber: String,
    /// Why, where it was tried.
    pub error: Option<String>,
    /// Whether the subscriber refused it, so that it is not tried again.
    pub refused: bool,
    /// The files in which the notifications are kept.
    pub files: Vec<PathBuf>,
}

/// The outbox and what is on its way from it.
pub(super) struct Deliveries {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
}

struct Shared {
    folder: PathBuf,
    outbox: OnceCell<Arc<Outbox>>,
    subscribers: RwLock<Vec<Arc<Subscriber>>>,
    permits: Semaphore,
    /// Whether the program ends: then each delivery is tried once more, without a pause.
    ending: watch::Sender<bool>,
    /// By the name of the file and the number of the delivery.
    undelivered: Mutex<BTreeMap<(String, usize), Delivery>>,
    /// The last delivery of each group of a FIFO topic to each subscriber: it ends when its sender is dropped.
    last: Mutex<HashMap<Line, oneshot::Receiver<()>>>,
}

/// What is delivered in its order: the topic, the group, and the subscriber.
type Line = (String, String, String);

/// A place in a line.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _ends: oneshot::Sender<()>,
}

/// A notification is not kept, so nothing is delivered.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("Cannot write the notification: {0}")]
    Write(std::io::Error),
    #[error("the program ends")]
    Ending,
}

/// A notification that is on its way.
struct Kept {
    name: String,
    notification: Mutex<Notification>,
    writing: tokio::sync::Mutex<()>,
}

impl Deliveries {
    pub(super) fn new(folder: PathBuf, subscribers: Vec<Arc<Subscriber>>) -> Self {
        let shared = Shared {
            folder,
            outbox: OnceCell::new(),
            subscribers: RwLock::new(subscribers),
            permits: Semaphore::new(AT_ONCE),
            ending: watch::Sender::new(false),
            undelivered: Mutex::default(),
            last: Mutex::default(),
        };
        Self { shared: Arc::new(shared), tasks: Mutex::default() }
    }

    /// Keeps a notification under `name`, and delivers it to the subscriptions of its topic, which is not waited for.
    pub(super) async fn publish(&self, name: String, mut notification: Notification) -> Result<(), PublishError> {
        let shared = Arc::clone(&self.shared);
        let all = shared.subscribers();
        let fit = all.iter().map(|subscriber| &subscriber.subscription);
        notification.deliveries = fit.filter(|subscription| subscription.gets(&notification)).map(pending).collect();
        let turns = shared.turns(&notification);
        let (kept, answer) = oneshot::channel();
        // A task of its own: what is kept is delivered, also when nobody waits for the answer any more.
        self.spawn(async move {
            let written = shared.add(&name, &notification).await;
            let failed = written.is_err();
            let _ = kept.send(written);
            if !failed {
                shared.deliver_all(name, notification, turns).await;
            }
        });
        answer.await.unwrap_or(Err(PublishError::Ending))
    }

    /// Has these subscribers in the place of those before.
    pub(super) fn set_subscribers(&self, subscribers: Vec<Arc<Subscriber>>) {
        *self.shared.subscribers.write().unwrap_or_else(PoisonError::into_inner) = subscribers;
    }

    /// Takes up what programs that live no more did not deliver.
    pub(super) fn resume(&self) {
        let shared = Arc::clone(&self.shared);
        if !shared.subscribers().is_empty() && Outbox::has_pending(&shared.folder) {
            self.spawn(async move { shared.resume().await });
        }
    }

    /// Tries everything that is pending once more, and tells what stays undelivered. Nothing is waited for when `stop`
    /// completes.
    pub(super) async fn finish(&self, stop: impl Future<Output = ()>) -> Vec<Undelivered> {
        self.shared.ending.send_replace(true);
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tokio::select! {
            biased;
            () = async { while tasks.join_next().await.is_some() {} } => {}
            () = stop => {}
        }
        self.shared.undelivered()
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        // What has ended is let go of.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }
}

impl Shared {
    fn subscribers(&self) -> Vec<Arc<Subscriber>> {
        self.subscribers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn outbox(&self) -> Result<&Arc<Outbox>, OpenError> {
        let open = || {
            let folder = self.folder.clone();
            blocking(move || Outbox::open(folder).map(Arc::new))
        };
        self.outbox.get_or_try_init(open).await
    }

    async fn add(&self, name: &str, notification: &Notification) -> Result<(), PublishError> {
        let outbox = Arc::clone(self.outbox().await?);
        let (name, notification) = (name.to_owned(), notification.clone());
        blocking(move || outbox.add(&name, &notification)).await.map_err(PublishError::Write)
    }

    async fn resume(&self) {
        let outbox = match self.outbox().await {
            Ok(outbox) => Arc::clone(outbox),
            Err(error) => return self.tell_unreadable(".pending", error.to_string()),
        };
        let load = move || {
            let names = outbox.take_over()?;
            Ok::<_, std::io::Error>(names.into_iter().map(|name| (outbox.load(&name), name)).collect::<Vec<_>>())
        };
        match blocking(load).await {
            Ok(left) => {
                let mut all = Vec::with_capacity(left.len());
                for (loaded, name) in left {
                    match loaded {
                        Ok(notification) => {
                            let turns = self.turns(&notification);
                            all.push(self.deliver_all(name, notification, turns));
                        }
                        Err(error) => self.tell_unreadable(&name, error.to_string()),
                    }
                }
                join_all(all).await;
            }
            Err(error) => self.tell_unreadable(".pending", error.to_string()),
        }
    }

    /// The places of the deliveries of a notification behind those that were published before; none where there is no order.
    fn turns(&self, notification: &Notification) -> Vec<Turn> {
        let (Some(topic), Some(group)) = (notification.topic(), &notification.group) else { return Vec::new() };
        if !topic.ends_with(FIFO) {
            return Vec::new();
        }
        let mut last = lock(&self.last);
        last.retain(|_, last| last.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        let turn = |delivery: &Delivery| {
            let subscriber = format!("{} {}", delivery.protocol, delivery.endpoint);
            let (ends, end) = oneshot::channel();
            Turn { before: last.insert((topic.to_owned(), group.clone(), subscriber), end), _ends: ends }
        };
        notification.deliveries.iter().map(turn).collect()
    }

    /// Delivers a notification to all its subscriptions, and writes down how far each is.
    async fn deliver_all(&self, name: String, notification: Notification, turns: Vec<Turn>) {
        if is_settled(&notification) {
            // The program before ended between its last delivery and the note of it.
            self.settled(name).await;
            return;
        }
        let pending = self.pending(&notification);
        let kept = Kept { name, notification: Mutex::new(notification), writing: tokio::sync::Mutex::default() };
        let mut turns: BTreeMap<usize, Turn> = turns.into_iter().enumerate().collect();
        let pending: Vec<_> = pending.into_iter().map(|(at, subscriber)| (at, subscriber, turns.remove(&at))).collect();
        // Nobody waits for what is not delivered here.
        drop(turns);
        let kept = &kept;
        join_all(pending.into_iter().map(async |(at, subscriber, mut turn)| {
            if let Some(before) = turn.as_mut().and_then(|turn| turn.before.take()) {
                // It is dropped, never sent.
                let _ = before.await;
            }
            self.deliver(kept, at, &subscriber).await;
        }))
        .await;
    }

    /// The deliveries that are pending, with their subscribers. One whose subscription is not in a routing file of this
    /// program is left to another program.
    fn pending(&self, notification: &Notification) -> Vec<(usize, Arc<Subscriber>)> {
        let topic = notification.topic().unwrap_or_default();
        let mut free = self.subscribers();
        free.retain(|one| one.subscription.topic.matches(topic));
        let mut found = Vec::new();
        for (at, delivery) in notification.deliveries.iter().enumerate() {
            let same = |one: &Arc<Subscriber>| {
                let subscription = &one.subscription;
                subscription.protocol() == delivery.protocol && subscription.endpoint() == delivery.endpoint
            };
            let Some(fits) = free.iter().position(same) else { continue };
            // Each stands for one: two can look the same without their secrets.
            let subscriber = free.remove(fits);
            if delivery.state == DeliveryState::Pending {
                found.push((at, subscriber));
            }
        }
        found
    }

    async fn deliver(&self, kept: &Kept, at: usize, subscriber: &Subscriber) {
        let mut ending = self.ending.subscribe();
        let mut pause = FIRST_PAUSE;
        self.tell(kept, at);
        loop {
            let last = *ending.borrow_and_update();
            let notification = lock(&kept.notification).clone();
            let outcome = match self.permits.acquire().await {
                Ok(_permit) => subscriber.means.deliver(&notification, &subscriber.subscription).await,
                Err(_) => return,
            };
            let (state, last_error) = match outcome {
                Ok(()) => (DeliveryState::Delivered, None),
                Err(DeliveryError::Later(text)) => (DeliveryState::Pending, Some(text)),
                Err(DeliveryError::Refused(text)) => (DeliveryState::Failed, Some(text)),
            };
            if let Some(delivery) = lock(&kept.notification).deliveries.get_mut(at) {
                *delivery = Delivery { state, last_error, attempts: delivery.attempts + 1, ..delivery.clone() };
            }
            self.tell(kept, at);
            self.save(kept).await;
            if state != DeliveryState::Pending || last {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = ending.changed() => {}
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Notes for the end of the program how far a delivery is.
    fn tell(&self, kept: &Kept, at: usize) {
        let delivery = lock(&kept.notification).deliveries.get(at).cloned();
        let key = (kept.name.clone(), at);
        match delivery {
            Some(delivery) if delivery.state != DeliveryState::Delivered => {
                lock(&self.undelivered).insert(key, delivery)
            }
            _ => lock(&self.undelivered).remove(&key),
        };
    }

    /// Notes for the end of the program that nobody knows where a notification goes.
    fn tell_unreadable(&self, name: &str, error: String) {
        let (protocol, endpoint) = ("an".to_owned(), "unknown subscriber".to_owned());
        let delivery =
            Delivery { protocol, endpoint, state: DeliveryState::Pending, attempts: 0, last_error: Some(error) };
        lock(&self.undelivered).insert((name.to_owned(), 0), delivery);
    }

    /// Writes a notification anew. Where that fails, its deliveries stay pending for the next program.
    async fn save(&self, kept: &Kept) {
        let Some(outbox) = self.outbox.get().cloned() else { return };
        // One after another, so that what is written last is what is known last.
        let _writing = kept.writing.lock().await;
        let (name, notification) = (kept.name.clone(), lock(&kept.notification).clone());
        let _ = blocking(move || {
            outbox.save(&name, &notification)?;
            if is_settled(&notification) { outbox.settled(&name) } else { Ok(()) }
        })
        .await;
    }

    /// Notes that nothing of a notification is pending. Where that fails, the next program does it.
    async fn settled(&self, name: String) {
        let Some(outbox) = self.outbox.get().cloned() else { return };
        let _ = blocking(move || outbox.settled(&name)).await;
    }

    /// What is not delivered, by subscriber and reason.
    fn undelivered(&self) -> Vec<Undelivered> {
        let mut groups: Vec<Undelivered> = Vec::new();
        for ((name, _), delivery) in lock(&self.undelivered).iter() {
            let subscriber = format!("{} {}", delivery.protocol, delivery.endpoint);
            let refused = delivery.state == DeliveryState::Failed;
            let file = self.folder.join(name);
            let same = |one: &&mut Undelivered| {
                (&one.subscriber, &one.error, one.refused) == (&subscriber, &delivery.last_error, refused)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.files.push(file),
                None => {
                    groups.push(Undelivered {
                        subscriber,
                        error: delivery.last_error.clone(),
                        refused,
                        files: vec![file],
                    });
                }
            }
        }
        groups
    }
}

/// Whether every delivery has ended, well or not.
fn is_settled(notification: &Notification) -> bool {
    notification.deliveries.iter().all(|delivery| delivery.state != DeliveryState::Pending)
}

fn pending(subscription: &Subscription) -> Delivery {
    Delivery {
        protocol: subscription.protocol().to_owned(),
        endpoint: subscription.endpoint(),
        state: DeliveryState::Pending,
        attempts: 0,
        last_error: None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
