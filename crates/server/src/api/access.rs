//! Users, tokens and the audit.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Account, ApiToken, AuditRow, Role};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{people, tokens};
use crate::{App, Fault, Problem, Signed};

/// Rows of the audit in one answer.
const AUDIT_ROWS: u32 = 200;

/// Whoever sends the request.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// Their name, as the audit has it.
    name: String,
    /// `viewer`, `operator` or `administrator`; no more than the token may do.
    role: &'static str,
}

/// Somebody who may come in.
#[derive(Debug, Serialize, ToSchema)]
struct User {
    /// The number.
    id: i64,
    /// The address they sign in with.
    email: String,
    /// What others call them.
    name: String,
    /// `viewer`, `operator` or `administrator`.
    role: &'static str,
    /// Whether they are kept out.
    disabled: bool,
    /// Whether they have not come yet.
    invited: bool,
    /// When they were made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When they were last seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Timestamp>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            invited: account.password.is_none() && account.seen_at.is_none(),
            email: account.email,
            name: account.name,
            role: account.role.as_str(),
            disabled: account.disabled,
            created_at: account.created_at,
            seen_at: account.seen_at,
        }
    }
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
struct Invitation {
    /// The address.
    email: String,
    /// `viewer`, `operator` or `administrator`.
    role: String,
}

/// A one-time link.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    /// The user it is for.
    user: i64,
    /// Where it leads. It opens once, within a day, and is not shown again.
    link: String,
}

/// What to change of a user; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
struct UserChange {
    /// `viewer`, `operator` or `administrator`.
    role: Option<String>,
    /// Whether they are kept out.
    disabled: Option<bool>,
}

/// A token, without what is sent.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    /// The number.
    id: i64,
    /// The user it is of.
    user: i64,
    /// What it is for.
    name: String,
    /// `read`, `operate` or `administer`.
    scope: &'static str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// From when on it no longer opens.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
}

/// The scopes of tokens, each with the role it is.
const SCOPES: [(&str, Role); 3] =
    [("read", Role::Viewer), ("operate", Role::Operator), ("administer", Role::Administrator)];

impl From<ApiToken> for Token {
    fn from(token: ApiToken) -> Self {
        let scope = SCOPES.iter().find(|(_, role)| *role == token.role);
        Self {
            id: token.id,
            user: token.account.0,
            name: token.name,
            scope: scope.map_or("read", |(name, _)| name),
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
        }
    }
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
struct NewToken {
    /// What it is for.
    name: String,
    /// `read`, `operate` or `administer`; no more than whoever asks may do.
    scope: String,
    /// Days until it runs out; never where left out.
    days: Option<u32>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeToken {
    /// The number.
    id: i64,
    /// What to send as `Authorization: Bearer …`; it is not shown again.
    token: String,
}

/// Something that somebody changed.
#[derive(Debug, Serialize, ToSchema)]
struct Change {
    /// The number; later ones are greater.
    id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    who: String,
    /// What.
    what: String,
    /// The connection it is about.
    connection: Option<String>,
    /// What it was before.
    before: Option<Value>,
    /// What it is since.
    after: Option<Value>,
}

impl From<AuditRow> for Change {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.entry.at,
            who: row.entry.who,
            what: row.entry.what,
            connection: row.connection.map(|id| id.as_str().to_owned()),
            before: row.entry.before,
            after: row.entry.after,
        }
    }
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(users, invite))
        .routes(routes!(change_user))
        .routes(routes!(user_link))
        .routes(routes!(user_sign_out))
        .routes(routes!(list_tokens, make_token))
        .routes(routes!(revoke_token))
        .routes(routes!(audit))
}

/// Who the token is of, and what it may do
#[utoipa::path(get, path = "/api/v1/me", tag = "access", responses(
    (status = 200, body = Me),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn me(signed: Signed) -> Json<Me> {
    Json(Me { role: signed.role.as_str(), name: signed.name })
}

/// All users, by address
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses(
    (status = 200, body = Vec<User>),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn users(State(app): State<App>, signed: Signed) -> Result<Json<Vec<User>>, Fault> {
    signed.require(Role::Administrator)?;
    Ok(Json(app.store.accounts()?.into_iter().map(User::from).collect()))
}

/// Invite somebody
#[utoipa::path(post, path = "/api/v1/users", tag = "access", request_body = Invitation, responses(
    (status = 201, body = Link),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn invite(
    State(app): State<App>,
    signed: Signed,
    Json(sent): Json<Invitation>,
) -> Result<(StatusCode, Json<Link>), Fault> {
    let (id, link) = people::invite(&app, &signed, &sent.email, people::role(&sent.role)?)?;
    Ok((StatusCode::CREATED, Json(Link { user: id.0, link })))
}

/// Give a user another role, keep them out or let them in
#[utoipa::path(patch, path = "/api/v1/users/{user}", tag = "access", request_body = UserChange,
    params(("user" = i64, Path, description = "The number")),
    responses(
        (status = 200, body = User),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn change_user(
    State(app): State<App>,
    signed: Signed,
    Path(user): Path<i64>,
    Json(sent): Json<UserChange>,
) -> Result<Json<User>, Fault> {
    let role = sent.role.as_deref().map(people::role).transpose()?;
    Ok(Json(people::change(&app, &signed, user, role, sent.disabled)?.into()))
}

/// A new one-time link for a user, who chooses a new password with it
#[utoipa::path(post, path = "/api/v1/users/{user}/link", tag = "access",
    params(("user" = i64, Path, description = "The number")),
    responses(
        (status = 201, body = Link),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn user_link(
    State(app): State<App>,
    signed: Signed,
    Path(user): Path<i64>,
) -> Result<(StatusCode, Json<Link>), Fault> {
    let link = people::new_link(&app, &signed, user)?;
    Ok((StatusCode::CREATED, Json(Link { user, link })))
}

/// End all sessions of a user
#[utoipa::path(post, path = "/api/v1/users/{user}/sign-out", tag = "access",
    params(("user" = i64, Path, description = "The number")),
    responses(
        (status = 204, description = "They are signed out everywhere"),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn user_sign_out(
    State(app): State<App>,
    signed: Signed,
    Path(user): Path<i64>,
) -> Result<StatusCode, Fault> {
    people::sign_out_everywhere(&app, &signed, user)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens: an administrator sees all, others their own
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses(
    (status = 200, body = Vec<Token>),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn list_tokens(State(app): State<App>, signed: Signed) -> Result<Json<Vec<Token>>, Fault> {
    Ok(Json(tokens::seen_by(&app, &signed)?.into_iter().map(Token::from).collect()))
}

/// Make a token of one's own
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = NewToken, responses(
    (status = 201, body = MadeToken),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn make_token(
    State(app): State<App>,
    signed: Signed,
    Json(sent): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Fault> {
    let scope = SCOPES.iter().find(|(name, _)| *name == sent.scope);
    let (_, role) = scope.ok_or_else(|| Fault::because("access-no-scope"))?;
    let (id, token) = tokens::make(&app, &signed, &sent.name, *role, sent.days)?;
    Ok((StatusCode::CREATED, Json(MadeToken { id, token })))
}

/// Take a token back
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "access",
    params(("token" = i64, Path, description = "The number")),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
    ))]
async fn revoke_token(
    State(app): State<App>,
    signed: Signed,
    Path(token): Path<i64>,
) -> Result<StatusCode, Fault> {
    tokens::revoke(&app, &signed, token)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
struct Place {
    /// Only changes before this number
    before: Option<i64>,
}

/// What was changed by whom, the latest first; at most 200 at once
#[utoipa::path(get, path = "/api/v1/audit", tag = "access", params(Place), responses(
    (status = 200, body = Vec<Change>),
    (status = "default", description = "Why not", body = Problem, content_type = "application/problem+json"),
))]
async fn audit(
    State(app): State<App>,
    signed: Signed,
    Query(place): Query<Place>,
) -> Result<Json<Vec<Change>>, Fault> {
    signed.require(Role::Administrator)?;
    let rows = app.store.audit_rows(place.before, AUDIT_ROWS)?;
    Ok(Json(rows.into_iter().map(Change::from).collect()))
}
