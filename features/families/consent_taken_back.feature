Feature: A consent can be taken back, and the trip goes on
  Stripe is told of a payee only while the payee's own consent stands. A no changes the way, never the help.

  Background:
    Given a mother who agreed in writing to be paid through Stripe

  Scenario: Taken back on her page before the money is sent
    When she takes it back on her own page
    And her award is released
    Then her payment waits to be logged
    And Stripe has never heard of her

  Scenario: Told to her case manager, after the way was chosen and before the money is sent
    Given her payment is about to be sent
    When she tells Ana that she takes it back
    And the worker goes on
    Then her payment waits to be logged
    And Stripe has never heard of her
    And her payment can be logged

  Scenario: She changes her mind again
    When she takes it back on her own page
    And she agrees again for six months
    And her award is released
    Then her payment is sent by Stripe
    And her page says that Stripe was told
