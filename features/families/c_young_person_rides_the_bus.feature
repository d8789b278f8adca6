Feature: A young person of 17 rides home on a free ticket, and does not ride alone
  The sources disagree on the age from which one rides alone. So no rule decides it: a person does, and says why.

  Scenario: Who rides along is decided by a person, with the reason shown
    Given the family of story c has asked for help
    Then Home Free is to be asked, and a person decides who rides along
    When Ana decides that the advocate rides along
    Then the request's page shows her reason: "asked not to ride alone"
    And nobody younger than 18 rides a leg alone
    And Home Free is worth applying to
    When mother and daughter sign that Home Free may be told, and Ana hands the case over
    Then Home Free has helped
    When Ben approves and releases it
    Then $93.00 is paid by Stripe and $0.00 by logged payments
    And the books balance
