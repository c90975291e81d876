-- Where the policy in force asks for a reviewer, a draft is published only as it was approved.
create or replace function loyalty.rule_draft_is_published_as_reviewed() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    reviewers integer;
begin
    select (document ->> 'rule_reviewers')::integer into reviewers
        from loyalty.policy
        where starts_at <= (
            select published_at from benefits.rule_set where version = new.published
        )
        order by starts_at desc, version desc
        limit 1;
    if reviewers > 0 and not exists (
        select from benefits.rule_draft_review as review
        where review.draft = new.id
            and review.number = (
                select max(number) from benefits.rule_draft_review where draft = new.id
            )
            and review.verdict = 'approved'
            and review.digest
                = benefits.rule_draft_digest(new.rules, new.retired, new.groups)
    ) then
        raise exception 'the policy asks for a review of this draft'
            using errcode = 'check_violation', constraint = 'rule_draft_is_published_as_reviewed';
    end if;
    return new;
end
$$;

create or replace trigger rule_draft_is_published_as_reviewed
    before update of published on benefits.rule_draft
    for each row when (old.published is null and new.published is not null)
    execute function loyalty.rule_draft_is_published_as_reviewed();
