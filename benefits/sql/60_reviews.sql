-- What a review is of: one digest of all that a draft changes, made in one place.
create or replace function benefits.rule_draft_digest(rules jsonb, retired text[], groups jsonb)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select encode(sha256(convert_to(jsonb_build_array(rules, retired, groups)::text, 'UTF8')), 'hex')
$$;

-- A draft that somebody looks at does not change and is not published under their eyes.
create or replace function benefits.rule_draft_is_frozen_in_review() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from benefits.rule_draft_review where draft = new.id and verdict is null
    ) then
        raise exception 'a draft in review stays as it is'
            using errcode = 'check_violation', constraint = 'rule_draft_is_frozen_in_review';
    end if;
    return new;
end
$$;

create or replace trigger rule_draft_is_frozen_in_review
    before update of rules, retired, groups, published on benefits.rule_draft
    for each row execute function benefits.rule_draft_is_frozen_in_review();

-- A review is of the draft as it stands and by nobody who wrote it; what was said stays said.
create or replace function benefits.rule_draft_review_is_of_the_draft() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    stands text;
    wrote text[];
begin
    if tg_op = 'UPDATE' and old.verdict is not null then
        raise exception 'a review is decided once'
            using errcode = 'check_violation', constraint = 'rule_draft_review_is_decided_once';
    end if;
    select benefits.rule_draft_digest(rules, retired, groups), authors into stands, wrote
        from benefits.rule_draft where id = new.draft;
    if new.digest <> stands or not new.authors @> wrote then
        raise exception 'a review is of the draft as it stands'
            using errcode = 'check_violation', constraint = 'rule_draft_review_is_of_the_draft';
    end if;
    return new;
end
$$;

create or replace trigger rule_draft_review_is_of_the_draft
    before insert or update on benefits.rule_draft_review
    for each row execute function benefits.rule_draft_review_is_of_the_draft();
