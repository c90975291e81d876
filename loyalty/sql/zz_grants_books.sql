-- What the application role may do with the money side of the books: what was signed stays.
grant select, insert on loyalty.estimate to :application;
