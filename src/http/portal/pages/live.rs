//! The live figures of a client's pages: one key, or all that are bound.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::actors::messages::KeyRef;
use crate::domain::ids::UserId;
use crate::domain::site::Site;
use crate::http::json::error::JsonError;
use crate::http::page::live::{self, Chip, Figures};
use crate::http::page::stage::Stage;
use crate::http::portal::pages::figures::{KeyFigures, figures};
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;
use crate::identity::sessions::Sessions;
use crate::store::views::scope::BoundKey;

/// Whose figures are read, again and again.
#[derive(Clone)]
struct Reader {
    portal: PortalState,
    sessions: Sessions,
    session: Uuid,
    user: UserId,
}

/// `GET /live?seen=…&key=…`, `GET /live?seen=…&keys`.
pub async fn stream(
    http: HttpRequest,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let reader = Reader {
        portal: portal.as_ref().clone(),
        sessions: stage.site.sessions.clone(),
        session: visit.session.id,
        user: visit.user,
    };
    let onlookers = portal.directory.onlookers();
    if http.query_string().split('&').any(|part| part == "keys") {
        let accounts = visit.accounts().await?;
        return live::answer(&stage, &http, onlookers, &accounts, move || reader.clone().all()).await;
    }
    let key = visit.key(&visit.query("key")).await?;
    live::answer(&stage, &http, onlookers, &[key.account()], move || reader.clone().one(key)).await
}

impl Reader {
    async fn one(self, key: BoundKey) -> Result<Figures, JsonError> {
        self.still_signed_in().await?;
        let row = self.portal.views.key(&key).await?.ok_or_else(JsonError::not_found)?;
        let live = self.portal.directory.client_view(KeyRef { account: key.account(), key: key.key() }).await?;
        let shown = figures(&row, Some(&live));
        let mut all = Figures::default();
        add(&mut all, &shown);
        let id = &shown.key.id;
        all.text(format!("key.{id}.minute"), &shown.limits.minute_now);
        all.text(format!("key.{id}.running"), &shown.limits.running);
        all.bar.insert(format!("key.{id}.minute"), shown.limits.minute_used.clone());
        all.bar.insert(format!("key.{id}.running"), shown.limits.running_used.clone());
        Ok(all)
    }

    async fn all(self) -> Result<Figures, JsonError> {
        self.still_signed_in().await?;
        let mut all = Figures::default();
        for row in self.portal.views.keys(self.user).await? {
            add(&mut all, &figures(&row, None));
        }
        Ok(all)
    }

    async fn still_signed_in(&self) -> Result<(), JsonError> {
        let lives = self.sessions.is_live(Site::Portal, self.session).await?;
        if lives { Ok(()) } else { Err(JsonError::signed_out()) }
    }
}

fn add(all: &mut Figures, shown: &KeyFigures) {
    let (key, id) = (&shown.key, &shown.key.id);
    all.text(format!("key.{id}.budget"), &key.budget);
    all.amount(format!("key.{id}.spent"), &key.spent, &key.spent_exact);
    all.amount(format!("key.{id}.remaining"), &key.remaining, &key.remaining_exact);
    all.text(format!("key.{id}.flight"), &key.flight);
    all.text(format!("key.{id}.used"), &key.used_text);
    all.bar.insert(format!("key.{id}.used"), key.used.clone());
    let chip = Chip { tone: key.tone.clone(), icon: key.icon.clone(), word: key.state.clone() };
    all.chip.insert(format!("key.{id}"), chip);
}
