-- A proof that was made is added and never changed.
grant select, insert on loyalty.verification to :application;
