-- What the application role may do with tags and lists of members: they are given and taken; a list
-- stays under its name when it is retired.
grant select, insert, delete on loyalty.member_tag, loyalty.member_list_entry to :application;
grant select, insert, update on loyalty.member_list to :application;
